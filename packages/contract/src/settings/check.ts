// What a schema cannot say about settings (contract/admin-api.md §1 and §1.1).

import { parseAddressSet } from '../ip/index.ts'
import type { Settings } from './parse.ts'

/** The allow_admin with which a control plane may start without a key. */
const localOnly = '127.0.0.0/24'

/** The complaint, or undefined when all is well. */
export function checkSettings(settings: Settings): string | undefined {
  const { apisix, deployment, nginx_config } = settings
  const { allow_admin = [] } = deployment.admin
  return (
    checkAddresses('deployment.admin.allow_admin', allow_admin) ??
    checkAddresses('apisix.trusted_addresses', apisix.trusted_addresses ?? []) ??
    checkAddresses(
      'nginx_config.http.real_ip_from',
      nginx_config.http.real_ip_from.filter((one) => one !== 'unix:'),
    ) ??
    (hasAdmin(settings) ? checkAdminKey(deployment.admin) : undefined) ??
    checkAdminTls(deployment.admin) ??
    checkProvider(deployment) ??
    checkPorts(settings)
  )
}

function checkAddresses(name: string, addresses: readonly string[]): string | undefined {
  const parsed = parseAddressSet(addresses)
  return parsed.ok ? undefined : `failed to validate config: ${name}: ${parsed.error}`
}

type Admin = Settings['deployment']['admin']

function hasAdmin({ apisix, deployment }: Settings): boolean {
  return deployment.role === 'control_plane' || (deployment.role === 'traditional' && apisix.enable_admin)
}

/** Who listens to others than this machine must ask for a key, or say that it wants none. */
function checkAdminKey({ admin_key = [], admin_key_required, allow_admin }: Admin): string | undefined {
  if (!admin_key_required || admin_key.length > 0) return undefined
  if (allow_admin?.length === 1 && allow_admin[0] === localOnly) return undefined
  return 'missing valid Admin API token'
}

function checkAdminTls({ https_admin, admin_api_mtls }: Admin): string | undefined {
  if (!https_admin) return undefined
  if (admin_api_mtls.admin_ssl_cert === '') return 'missing ssl cert for https admin'
  return admin_api_mtls.admin_ssl_cert_key === '' ? 'missing ssl cert key for https admin' : undefined
}

function checkProvider({ config_provider }: Settings['deployment']): string | undefined {
  return config_provider === 'xds' ? 'config_provider xds is not in this build' : undefined
}

/** Two servers of one process cannot share a port, unless they listen on different addresses. */
function checkPorts(settings: Settings): string | undefined {
  const { apisix, deployment, plugin_attr } = settings
  const { export_addr, enable_export_server } = plugin_attr.prometheus
  const servers: Server[] = [
    ...(hasAdmin(settings) ? [{ name: 'admin', ...deployment.admin.admin_listen }] : []),
    ...(deployment.role === 'control_plane'
      ? []
      : apisix.node_listen.map((one) => ({ name: 'node', ...one }))),
    ...(deployment.role === 'control_plane' || !apisix.ssl.enable || apisix.ssl.listens_by_default
      ? []
      : apisix.ssl.listen.map((one) => ({ name: 'ssl', ...one }))),
    ...(enable_export_server ? [{ name: 'prometheus', ...export_addr }] : []),
    ...(apisix.enable_control ? [{ name: 'control', ...apisix.control }] : []),
    ...(apisix.status === undefined ? [] : [{ name: 'status', ...apisix.status }]),
  ]
  for (const [i, server] of servers.entries()) {
    const other = servers.slice(0, i).find((before) => collide(before, server))
    if (other !== undefined) return `${server.name} port ${server.port} conflicts with ${other.name} port`
  }
  return undefined
}

interface Server {
  readonly name: string
  readonly ip: string
  readonly port: number
}

function collide(one: Server, other: Server): boolean {
  if (one.port === 0 || one.port !== other.port) return false
  return one.ip === other.ip || one.ip === '0.0.0.0' || other.ip === '0.0.0.0'
}
