// How a quota is told to the client: limit, what remains, seconds until the window ends.
import type { AccountState } from '@weir/counters'
import type { RequestContext } from '@weir/plugin-api'

export interface QuotaHeaders {
  readonly limit: string
  readonly remaining: string
  readonly reset: string
}

/** The names with something behind `Limit`, `Remaining` and `Reset`. */
export function quotaHeaders(base: string, suffix = ''): QuotaHeaders {
  return {
    limit: toHeaderName(`${base}-Limit${suffix}`),
    remaining: toHeaderName(`${base}-Remaining${suffix}`),
    reset: toHeaderName(`${base}-Reset${suffix}`),
  }
}

/** Instances may have any name: what cannot stand in a header's (RFC 9110 §5.6.2) is percent-encoded, as UTF-8. */
export function toHeaderName(text: string): string {
  return text.replace(/[^\w!#$%&'*+.^`|~-]+/g, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  )
}

/** The quota before this request. What others have reserved is not there any more. */
export function remainingOf({ limit, used, reserved }: AccountState): number {
  return Math.max(0, limit - used - reserved)
}

export function addQuotaHeaders(ctx: RequestContext, names: QuotaHeaders, state: AccountState): void {
  ctx.setResponseHeader(names.limit, String(state.limit))
  ctx.setResponseHeader(names.remaining, String(remainingOf(state)))
  ctx.setResponseHeader(names.reset, resetSeconds(state.resetMs))
}

/** Seconds with two decimals at most, cut off rather than rounded: `60`, `59.8`, `59.93` (recorded). */
export function resetSeconds(resetMs: number): string {
  return String(Math.floor(resetMs / 10) / 100)
}
