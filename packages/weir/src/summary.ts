// What a start prints: where everything is.
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { Settings } from '@weir/contract'
import type { DataPlane } from '@weir/data-plane'
import { describeStore } from './open-store.ts'
import type { ConfigFile } from './read-settings.ts'
import { version } from './version.ts'
import { withoutEffect } from './without-effect.ts'

export interface Started {
  readonly settings: Settings
  /** The file they were read from. */
  readonly config: ConfigFile
  readonly admin: AddressInfo | undefined
  readonly data: DataPlane | undefined
}

/** Where the first admin key is kept when the settings give none. */
export function adminKeyFile({ weir }: Settings): string {
  return join(dirname(weir.embedded.path), 'admin.key')
}

export function summarize({ settings, config, admin, data }: Started): string {
  const lines: [string, string][] = [['store', describeStore(settings, config.directory)]]
  if (data)
    lines.push([
      'proxy',
      data.addresses.map(({ ip, port, tls }) => url(ip, port, tls ? 'https' : 'http')).join(' '),
    ])
  if (admin) lines.push(['Admin API', `${url(admin.address, admin.port)}, ${describeKey(settings)}`])
  if (data) lines.push(...operatorLines(settings, data))
  const inVain = withoutEffect(settings)
  if (inVain.length > 0) lines.push(['no effect', inVain.join(', ')])
  const title = `Weir ${version} is running as ${settings.deployment.role} with ${config.path}`
  return [title, ...lines.map(([name, text]) => `  ${name.padEnd(12)} ${text}`)].join('\n')
}

function operatorLines({ apisix, plugin_attr }: Settings, { operatorPorts }: DataPlane): [string, string][] {
  const { control, status, metrics } = operatorPorts
  const { export_addr, export_uri } = plugin_attr.prometheus
  const lines: [string, string][] = []
  if (metrics !== undefined) lines.push(['metrics', url(export_addr.ip, metrics) + export_uri])
  if (control !== undefined) lines.push(['control API', url(apisix.control.ip, control)])
  if (status !== undefined) lines.push(['status', `${url(apisix.status?.ip ?? '', status)}/status/ready`])
  return lines
}

function describeKey(settings: Settings): string {
  const { admin_key, admin_key_required } = settings.deployment.admin
  if (!admin_key_required || !admin_key) return 'open to everyone without a key'
  const isMade = admin_key.some(({ key, role }) => key === '' && role === 'admin')
  return isMade ? `key in ${adminKeyFile(settings)}` : 'keys in the configuration'
}

function url(ip: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}
