// The store that the settings choose; the adapter that is not chosen is never loaded.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ConfigStore } from '@weir/config-store'
import type { Settings } from '@weir/contract'

export async function openStore({ apisix, deployment, weir }: Settings): Promise<ConfigStore> {
  if (weir.store === 'etcd') {
    const { createEtcdStore } = await import('@weir/config-store/etcd')
    return createEtcdStore(deployment.etcd, apisix.ssl.ssl_trusted_certificate)
  }
  const { createEmbeddedStore } = await import('@weir/config-store/embedded')
  const { path } = weir.embedded
  await mkdir(dirname(path), { recursive: true })
  return createEmbeddedStore({ path, prefix: deployment.etcd.prefix })
}

/** For the summary; without user and password. */
export function describeStore({ deployment, weir }: Settings): string {
  if (weir.store === 'embedded') return `embedded, ${weir.embedded.path}`
  return `etcd, ${deployment.etcd.host.map(withoutCredentials).join(' ')}, prefix ${deployment.etcd.prefix}`
}

function withoutCredentials(host: string): string {
  return host.replace(/\/\/[^@/]*@/, '//')
}
