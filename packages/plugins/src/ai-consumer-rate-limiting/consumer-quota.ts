// One quota of a consumer: on one instance, or on all of them together.
import { crc32 } from 'node:zlib'
import { compileAmount, type QuotaAmount } from '../token-quota/quota-amount.ts'
import { quotaHeaders, type QuotaHeaders } from '../token-quota/quota-headers.ts'
import { createTokenCost, type Strategy, type TokenCost } from '../token-quota/token-cost.ts'
import type { Config } from './schema.ts'

export interface ConsumerQuota {
  /** Undefined for the total over all instances. */
  readonly instance: string | undefined
  readonly limit: QuotaAmount
  readonly windowSeconds: QuotaAmount
  readonly cost: TokenCost
  readonly headers: QuotaHeaders
  /** As configured. */
  readonly config: QuotaConfig
  /** What stands in the account's key behind the consumer. */
  readonly keySuffix: string
}

interface QuotaConfig {
  readonly limit: number | string
  readonly time_window: number | string
  readonly limit_strategy: Strategy
  readonly cost_expr?: string
}

const headerBase = 'X-AI-Consumer-RateLimit'

/** In the order in which they are asked: those of instances as configured, then the total. */
export function consumerQuotas(config: Config): readonly ConsumerQuota[] {
  const { instances = [], limit, time_window, limit_strategy, cost_expr } = config
  const quotas = instances.map((entry) => createQuota(entry, entry.name))
  if (limit !== undefined && time_window !== undefined) {
    quotas.push(
      createQuota({ limit, time_window, limit_strategy, ...(cost_expr && { cost_expr }) }, undefined),
    )
  }
  return quotas
}

/**
 * The account of a consumer. It belongs to the consumer and the instance, wherever the configuration stands and
 * whatever the limit is, so that what was used stays used when the limit is changed.
 */
export function accountKey(quota: ConsumerQuota, holder: string): string {
  return `plugin-ai-consumer-rate-limiting:v1:/apisix/consumers/${holder}:${quota.keySuffix}`
}

/** Whose the account is: a consumer's, whichever credential it came with, or a single credential's. */
export function holderOf(username: string, credentialId: string | undefined): string {
  return credentialId === undefined ? username : `${username}/credentials/${credentialId}`
}

function createQuota(config: QuotaConfig, instance: string | undefined): ConsumerQuota {
  const { limit, time_window, limit_strategy: strategy, cost_expr: costExpr } = config
  const measure = strategy === 'expression' ? `${strategy}-${crc32(costExpr ?? '')}` : strategy
  const scope = instance === undefined ? 'total' : `instance:${instance}`
  return {
    instance,
    config,
    limit: compileAmount(limit),
    windowSeconds: compileAmount(time_window),
    cost: createTokenCost(strategy, costExpr),
    headers: quotaHeaders(headerBase, instance === undefined ? '' : `-${instance}`),
    keySuffix: `${measure}:${time_window}:${scope}`,
  }
}
