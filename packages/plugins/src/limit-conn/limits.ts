// What a configuration limits: all its requests by one key, or rules by what they say.
import type { RequestContext } from '@weir/plugin-api'
import { compileLimitKey, compileRuleKey } from '../request-limits/limit-key.ts'
import { compileAmount, type QuotaAmount } from '../token-quota/quota-amount.ts'
import type { Config } from './schema.ts'

export interface ConnLimit {
  readonly conn: QuotaAmount
  readonly burst: QuotaAmount
  /** Undefined when this limit does not apply to the request. */
  readonly key: (ctx: RequestContext) => string | undefined
}

export function limitsOf(config: Config, prefix: string): readonly ConnLimit[] {
  const { rules, conn, burst, key, key_type: keyType } = config
  if (rules) {
    return rules.map((rule) => {
      const ruleKey = compileRuleKey(rule.key)
      return {
        conn: compileAmount(rule.conn),
        burst: compileAmount(rule.burst, 0),
        key(ctx) {
          const text = ruleKey(ctx)
          return text === undefined ? undefined : `${prefix}:${text}`
        },
      }
    })
  }
  if (conn === undefined || burst === undefined || key === undefined) return []
  const limitKey = compileLimitKey(key, keyType)
  return [
    {
      conn: compileAmount(conn),
      burst: compileAmount(burst, 0),
      key: (ctx) => `${prefix}:${limitKey(ctx)}`,
    },
  ]
}
