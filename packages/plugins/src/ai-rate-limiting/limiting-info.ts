// The variable `rate_limiting_info`, for those who log it: as APISIX has it, the account that was asked last, and with
// counters of this node what is left of it after the request was charged.
import type { AccountState } from '@weir/counters'
import { type RateLimitingInfo, rateLimitingInfo, type RequestContext } from '@weir/plugin-api'
import { remainingOf } from '../token-quota/quota-headers.ts'
import { keyStart } from './limiter.ts'

export function tellLimiting(
  ctx: RequestContext,
  account: string,
  state: AccountState,
  isLocal: boolean,
): void {
  ctx.state.set(rateLimitingInfo, new LimitingInfo(ctx, account, state, isLocal))
}

/** Nearly nobody logs it, so that it is worked out when it is read. */
class LimitingInfo implements RateLimitingInfo {
  readonly limit: number
  readonly resetMs: number
  readonly #ctx: RequestContext
  readonly #account: string
  readonly #state: AccountState
  readonly #isLocal: boolean

  constructor(ctx: RequestContext, account: string, state: AccountState, isLocal: boolean) {
    this.limit = state.limit
    this.resetMs = state.resetMs
    this.#ctx = ctx
    this.#account = account
    this.#state = state
    this.#isLocal = isLocal
  }

  get key(): string {
    return this.#account.slice(keyStart.length)
  }

  get remaining(): number {
    const entries = this.#isLocal ? this.#ctx.llm?.ledger.accounts : undefined
    const charged = entries?.find(({ account }) => account === this.#account)?.charged ?? 0
    return Math.max(0, remainingOf(this.#state) - charged)
  }
}
