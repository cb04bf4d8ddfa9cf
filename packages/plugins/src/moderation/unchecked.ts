// What a moderation plugin does with requests and answers that it cannot judge: `fail_mode`.
import { GatewayError } from '@weir/contract'
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

/**
 * The same for a stream of which nothing has been sent yet, so that the client is told by its status.
 * @throws GatewayError where it is refused.
 */
export function letStreamPass(...of: Parameters<typeof unchecked>): void {
  const [, , , reason] = of
  if (unchecked(...of)) throw new GatewayError('stage_failed', reason)
}

export const noObject = 'the answer is no JSON object'

export const noEvents = 'the answer streams, but not in events'

export function noInstance(plugin: string): string {
  return `no ai instance picked, ${plugin} plugin must be used with ai-proxy or ai-proxy-multi plugin`
}

export function noText(protocol: string): string {
  return `protocol ${protocol} cannot moderate the configured request_check_roles`
}
