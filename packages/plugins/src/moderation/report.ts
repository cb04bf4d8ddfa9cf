// Tells operators, and the cache, that a moderation service gave no verdict.
import { passedUnjudged, type PluginHost, type RequestContext } from '@weir/plugin-api'
import type { Subject } from './moderator.ts'

/** `reason` quotes no content and no key. */
export function reportFailure(
  host: PluginHost,
  plugin: string,
  ctx: RequestContext,
  subject: Subject,
  reason: string,
): void {
  ctx.state.set(passedUnjudged, true)
  const side = subject === 'request' ? 'request' : 'response'
  ctx.log.error('content moderation failed', { plugin, route: ctx.route.id, side, reason })
  host.metrics.counter('ai_moderation_errors_total', { plugin, route_id: ctx.route.id, side }).inc()
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
