// What a start prints: where everything is.
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { Settings } from '@weir/contract'
import { describeStore } from './open-store.ts'
import { version } from './version.ts'

export interface Started {
  readonly settings: Settings
  readonly config: string
  readonly admin: AddressInfo | undefined
  readonly proxy: readonly { readonly ip: string; readonly port: number }[]
}

/** Where the first admin key is kept when the settings give none. */
export function adminKeyFile({ weir }: Settings): string {
  return join(dirname(weir.embedded.path), 'admin.key')
}

export function summarize({ settings, config, admin, proxy }: Started): string {
  const { apisix, deployment, plugin_attr, ignored } = settings
  const lines: [string, string][] = [['store', describeStore(settings)]]
  if (proxy.length > 0) lines.push(['proxy', proxy.map(({ ip, port }) => url(ip, port)).join(' ')])
  if (admin) lines.push(['Admin API', `${url(admin.address, admin.port)}, ${describeKey(settings)}`])
  if (proxy.length > 0) {
    const { enable_export_server, export_addr, export_uri } = plugin_attr.prometheus
    if (enable_export_server) lines.push(['metrics', url(export_addr.ip, export_addr.port) + export_uri])
    if (apisix.enable_control) lines.push(['control API', url(apisix.control.ip, apisix.control.port)])
    if (apisix.status) lines.push(['status', `${url(apisix.status.ip, apisix.status.port)}/status/ready`])
  }
  if (ignored.length > 0) lines.push(['no effect', ignored.join(', ')])
  const title = `Weir ${version} is running as ${deployment.role} with ${config}`
  return [title, ...lines.map(([name, text]) => `  ${name.padEnd(12)} ${text}`)].join('\n')
}

function describeKey(settings: Settings): string {
  const { admin_key, admin_key_required } = settings.deployment.admin
  if (!admin_key_required || !admin_key) return 'open to everyone without a key'
  const isMade = admin_key.some(({ key, role }) => key === '' && role === 'admin')
  return isMade ? `key in ${adminKeyFile(settings)}` : 'keys in the configuration'
}

function url(ip: string, port: number): string {
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}
