// What a configuration limits: one count for all its requests, or rules by what they say.
import type { RequestContext } from '@weir/plugin-api'
import { compileLimitKey, compileRuleKey } from '../request-limits/limit-key.ts'
import { configHash } from '../request-limits/sorted-json.ts'
import { compileAmount, type QuotaAmount } from '../token-quota/quota-amount.ts'
import { compileHeaderNames, type HeaderNames } from './header-names.ts'
import type { Config } from './schema.ts'

export interface Limit {
  readonly count: QuotaAmount
  readonly windowSeconds: QuotaAmount
  /** The counter, undefined when this limit does not apply to the request. */
  readonly key: (ctx: RequestContext) => string | undefined
  readonly headers: HeaderNames
}

/** What the counters of a configuration begin with; the members of a group count together. */
export function counterPrefix(config: Config, resourceKey: string): string {
  return `${config.group ?? `${resourceKey}:${configHash(config)}`}:`
}

/** `resourceKey` names the document that holds the configuration. */
export function limitsOf(config: Config, resourceKey: string): readonly Limit[] {
  const { rules, count, time_window: timeWindow, key, key_type: keyType } = config
  const prefix = counterPrefix(config, resourceKey)
  if (rules) {
    return rules.map((rule, i) => {
      const ruleKey = compileRuleKey(rule.key)
      return {
        count: compileAmount(rule.count),
        windowSeconds: compileAmount(rule.time_window),
        key(ctx) {
          const text = ruleKey(ctx)
          return text === undefined ? undefined : prefix + text
        },
        headers: compileHeaderNames(rule.header_prefix ?? i + 1),
      }
    })
  }
  if (count === undefined || timeWindow === undefined) return []
  const limitKey = compileLimitKey(key, keyType)
  return [
    {
      count: compileAmount(count),
      windowSeconds: compileAmount(timeWindow),
      key: (ctx) => prefix + limitKey(ctx),
      headers: compileHeaderNames(),
    },
  ]
}
