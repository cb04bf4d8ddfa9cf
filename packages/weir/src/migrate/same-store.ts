// Whether source and target are one store, under whatever name.
import { realpathSync } from 'node:fs'
import type { ConfigStore, StoreEntry } from '@weir/config-store'
import type { Settings } from '@weir/contract'

/** By their settings. */
export function isSamePlace(one: Settings, other: Settings): boolean {
  if (one.deployment.config_provider !== 'etcd' || one.weir.store !== other.weir.store) return false
  if (one.weir.store === 'embedded') return realPath(one) === realPath(other)
  const hosts = new Set(one.deployment.etcd.host.map(normalized))
  const isShared = other.deployment.etcd.host.some((host) => hosts.has(normalized(host)))
  return isShared && prefixOf(one) === prefixOf(other)
}

/** By documents that a source showed: no other store has them at the same revisions. */
export async function holdsSameHistory(store: ConfigStore, samples: readonly StoreEntry[]): Promise<boolean> {
  const dated = samples.filter(({ modRevision }) => modRevision > 0)
  for (const { key, createRevision, modRevision } of dated) {
    const { entry } = await store.get(key)
    if (entry?.createRevision !== createRevision || entry.modRevision !== modRevision) return false
  }
  return dated.length > 0
}

function normalized(host: string): string {
  const { protocol, hostname, port } = new URL(host)
  return `${protocol}//${hostname.replace(/^localhost$|^\[::1\]$/, '127.0.0.1')}:${port}`
}

function prefixOf({ deployment }: Settings): string {
  return deployment.etcd.prefix.replace(/\/+$/, '')
}

function realPath({ weir }: Settings): string {
  try {
    return realpathSync(weir.embedded.path)
  } catch {
    return weir.embedded.path
  }
}
