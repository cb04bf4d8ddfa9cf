// How long a stream may let itself be waited for. Without settings of its own `timeout` holds throughout.
import type { Exchange } from '@weir/upstream'
import type { AttemptRules } from './attempt-types.ts'

/** Some hold their head back until the first token, some send it at once: one limit fits both. */
export function limitFirstToken(exchange: Exchange, rules: AttemptRules, startedAt: number): void {
  const { first_token_timeout: firstMs } = rules
  if (firstMs === undefined) return
  const leftMs = firstMs - (performance.now() - startedAt)
  exchange.limitBody(Math.max(1, Math.ceil(leftMs)), true)
}

export function limitGaps(exchange: Exchange, rules: AttemptRules): void {
  const { first_token_timeout: firstMs, stream_idle_timeout: idleMs, timeout } = rules
  if (firstMs !== undefined || idleMs !== undefined) exchange.limitBody(idleMs ?? timeout, false)
}
