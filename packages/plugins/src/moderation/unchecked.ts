// What a moderation plugin does with requests that it cannot judge: `fail_mode`.
import type { Reply, RequestContext } from '@weir/plugin-api'
import type { CheckConfig } from './schema.ts'

/** They pass, with more or less ado, or are refused. */
export function unchecked(
  ctx: RequestContext,
  plugin: string,
  failMode: CheckConfig['fail_mode'],
  reason: string,
): Reply | undefined {
  if (failMode === 'error') return { status: 500, body: reason }
  if (failMode === 'warn') ctx.log.warn(`${plugin} skipped: ${reason}`)
  else ctx.log.info(`${plugin} skipped: ${reason}`)
  return undefined
}

export function noInstance(plugin: string): string {
  return `no ai instance picked, ${plugin} plugin must be used with ai-proxy or ai-proxy-multi plugin`
}

export function noText(protocol: string): string {
  return `protocol ${protocol} cannot moderate the configured request_check_roles`
}
