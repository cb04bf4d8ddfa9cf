// `limit` and `instances`: one account per instance.
import type { QuotaAsk, QuotaSource } from '@weir/plugin-api'
import { addQuotaHeaders } from '../token-quota/quota-headers.ts'
import { unresolved } from '../token-quota/quota-replies.ts'
import { type Accounting, TokenAsk } from '../token-quota/token-ask.ts'
import type { TokenCost } from '../token-quota/token-cost.ts'
import { type Limiter, limiterFor } from './limiter.ts'
import { tellLimiting } from './limiting-info.ts'
import type { Config } from './schema.ts'

/** Limiters kept; one per instance name of the routes that this configuration serves. */
const LIMITERS_MAX = 1_000

const unlimited: readonly QuotaAsk[] = []

export function createInstanceQuota(
  config: Config,
  resourceKey: string,
  accounting: Accounting,
  cost: TokenCost,
): Pick<QuotaSource, 'onRefusal' | 'asks' | 'decided'> {
  const isLocal = config.policy === 'local'
  const limiters = new Map<string, Limiter | undefined>()

  function limiterOf(instance: string): Limiter | undefined {
    if (limiters.has(instance)) return limiters.get(instance)
    if (limiters.size >= LIMITERS_MAX) limiters.clear()
    const limiter = limiterFor(config, resourceKey, instance)
    limiters.set(instance, limiter)
    return limiter
  }

  return {
    onRefusal: 'next_instance',

    asks(ctx, instance, estimate) {
      const limiter = limiterOf(instance)
      if (!limiter) return unlimited
      const limit = limiter.limit(ctx)
      const windowSeconds = limiter.windowSeconds(ctx)
      if (limit === undefined || windowSeconds === undefined) {
        return unresolved(config, ctx, 'limit or time_window is not a positive integer')
      }
      return [new TokenAsk(ctx, { key: limiter.key, limit, windowSeconds }, accounting, cost, estimate)]
    },

    decided(ctx, instance, states) {
      const limiter = limiterOf(instance)
      const [state] = states
      if (!limiter || !state) return
      tellLimiting(ctx, limiter.key, state, isLocal)
      if (config.show_limit_quota_header) addQuotaHeaders(ctx, limiter.headers, state)
    },
  }
}
