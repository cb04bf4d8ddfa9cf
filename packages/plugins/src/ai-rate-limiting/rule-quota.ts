// `rules`: accounts by what the request itself says, such as a header. They are the same whatever the instance.
import { compileTemplate } from '@weir/contract'
import { defineStateKey, type QuotaAsk, type QuotaSource } from '@weir/plugin-api'
import { compileAmount } from '../token-quota/quota-amount.ts'
import { addQuotaHeaders, type QuotaHeaders } from '../token-quota/quota-headers.ts'
import { unresolved } from '../token-quota/quota-replies.ts'
import { type Accounting, TokenAsk } from '../token-quota/token-ask.ts'
import type { TokenCost } from '../token-quota/token-cost.ts'
import { ruleHeaders, ruleKeyPrefix } from './limiter.ts'
import { tellLimiting } from './limiting-info.ts'
import type { Config } from './schema.ts'

type RuleConfig = NonNullable<Config['rules']>[number]

interface Applied {
  readonly account: string
  readonly headers: QuotaHeaders
}

/** The rules that apply to this request, one per ask. */
const appliedRules = defineStateKey<readonly Applied[]>('ai-rate-limiting-applied-rules')
/** Whether they are written: rules are asked again with every instance that is tried, and told once. */
const areTold = defineStateKey<boolean>('ai-rate-limiting-rules-told')

export function createRuleQuota(
  config: Config,
  rules: readonly RuleConfig[],
  resourceKey: string,
  accounting: Accounting,
  cost: TokenCost,
): Pick<QuotaSource, 'onRefusal' | 'asks' | 'decided'> {
  const isLocal = config.policy === 'local'
  const keyPrefix = ruleKeyPrefix(config, resourceKey)
  const compiled = rules.map((rule, i) => ({
    key: compileTemplate(rule.key),
    limit: compileAmount(rule.count),
    windowSeconds: compileAmount(rule.time_window),
    headers: ruleHeaders(rule.header_prefix, i + 1),
  }))

  return {
    onRefusal: 'reject',

    asks(ctx, _instance, estimate) {
      const lookup = (name: string) => ctx.variable(name)
      const asks: QuotaAsk[] = []
      const applied: Applied[] = []
      for (const rule of compiled) {
        // A rule whose variables are absent does not apply to this request.
        if (rule.key.countResolved(lookup) === 0) continue
        const limit = rule.limit(ctx)
        const windowSeconds = rule.windowSeconds(ctx)
        // It does apply, so a bad number must not switch it off: the client may have sent it.
        if (limit === undefined || windowSeconds === undefined) {
          return unresolved(config, ctx, 'count or time_window is not a positive integer')
        }
        const key = keyPrefix + rule.key.render(lookup)
        // Two rules with the same key share the counter; the first one asks.
        if (asks.some((ask) => ask.key === key)) continue
        asks.push(new TokenAsk(ctx, { key, limit, windowSeconds }, accounting, cost, estimate))
        applied.push({ account: key, headers: rule.headers })
      }
      if (asks.length === 0) return unresolved(config, ctx, 'no rule applies')
      ctx.state.set(appliedRules, applied)
      return asks
    },

    decided(ctx, _instance, states, refused) {
      const applied = ctx.state.get(appliedRules)
      if (!applied || ctx.state.get(areTold)) return
      ctx.state.set(areTold, true)
      // Rules are told in order, up to the one that refuses.
      const last = refused < 0 ? states.length - 1 : refused
      tellLimiting(ctx, applied[last]!.account, states[last]!, isLocal)
      if (!config.show_limit_quota_header) return
      for (let i = 0; i <= last; i++) addQuotaHeaders(ctx, applied[i]!.headers, states[i]!)
    },
  }
}
