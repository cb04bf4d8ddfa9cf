// One limiter: what is counted under which key, and how it is told. Several come from one configuration.
import { isJsonObject } from '@weir/contract'
import { policyFieldNames, toCounterPolicy } from '@weir/counters'
import type { QuotaAccount, QuotaFamily, QuotaPlace } from '@weir/plugin-api'
import { configHash } from '../request-limits/sorted-json.ts'
import { compileAmount, type QuotaAmount } from '../token-quota/quota-amount.ts'
import { quotaHeaders, type QuotaHeaders } from '../token-quota/quota-headers.ts'
import { limitByRule } from '../token-quota/rule-limits.ts'
import type { Config } from './schema.ts'

export interface Limiter {
  readonly key: string
  readonly limit: QuotaAmount
  readonly windowSeconds: QuotaAmount
  readonly headers: QuotaHeaders
}

interface Definition {
  readonly key: string
  readonly limit: number | string
  readonly timeWindow: number | string
}

/** What all keys begin with, before that of APISIX's own. */
export const keyStart = 'plugin-ai-rate-limiting:v1:'

const headerBase = 'X-AI-RateLimit'
const globalKey = 'ai-rate-limiting#global'

/**
 * The limiter of an instance: its own entry, else the top-level limit, under which every instance has a counter of
 * that size to itself. Undefined where neither is.
 */
export function limiterFor(config: Config, resourceKey: string, instance: string): Limiter | undefined {
  const definition = definitionFor(config, instance)
  if (!definition) return undefined
  return {
    key: keyOf(config, resourceKey, instance, definition),
    limit: compileAmount(definition.limit),
    windowSeconds: compileAmount(definition.timeWindow),
    headers: headersOf(instance),
  }
}

function keyOf(
  config: Config,
  resourceKey: string,
  instance: string,
  { key, limit, timeWindow }: Definition,
): string {
  const derived = {
    ...derivedFrom(config, headersOf(instance)),
    _vid: key,
    key,
    count: limit,
    time_window: timeWindow,
  }
  return `${keyPrefix(resourceKey, derived)}:${key}:${key}`
}

function headersOf(instance: string): QuotaHeaders {
  return quotaHeaders(headerBase, `-${instance}`)
}

/** The accounts of instances. */
export function accountsOf(config: Config, { resourceKey, instances }: QuotaPlace): readonly QuotaAccount[] {
  const named = new Set(config.instances?.map(({ name }) => name))
  return [...new Set([...named, ...instances])].flatMap((instance): QuotaAccount[] => {
    const definition = definitionFor(config, instance)
    if (!definition) return []
    return [
      {
        key: keyOf(config, resourceKey, instance, definition),
        level: 'instance',
        instance,
        strategy: config.limit_strategy,
        limit: definition.limit,
        timeWindow: definition.timeWindow,
        policy: toCounterPolicy(config),
        isNamed: named.has(instance),
      },
    ]
  })
}

/** What stands before the resolved key of a rule; all rules of a configuration share it. */
export function ruleKeyPrefix(config: Config, resourceKey: string): string {
  const derived = { ...derivedFrom(config, quotaHeaders(headerBase)), rules: config.rules }
  return `${keyPrefix(resourceKey, derived)}:`
}

/** The accounts of rules. */
export function familiesOf(config: Config, resourceKey: string): readonly QuotaFamily[] {
  const { rules = [] } = config
  if (rules.length === 0) return []
  return [
    {
      prefix: ruleKeyPrefix(config, resourceKey),
      strategy: config.limit_strategy,
      policy: toCounterPolicy(config),
      limitOf: limitByRule(rules),
    },
  ]
}

/** `position` counts from 1. */
export function ruleHeaders(headerPrefix: string | undefined, position: number): QuotaHeaders {
  return quotaHeaders(`X-AI-${headerPrefix ?? position}-RateLimit`)
}

/** The last entry of a name counts. */
function definitionFor(config: Config, instance: string): Definition | undefined {
  const entry = config.instances?.findLast(({ name }) => name === instance)
  if (entry) return { key: entry.name, limit: entry.limit, timeWindow: entry.time_window }
  const { limit, time_window } = config
  if (limit === undefined || time_window === undefined) return undefined
  return { key: globalKey, limit, timeWindow: time_window }
}

/**
 * What APISIX derives for its counter, with its member names: the hash over it is part of the key, so that a changed
 * limiter starts a new counter while any other edit of the route keeps the old one (ai-plugins.md §10).
 */
function derivedFrom(config: Config, headers: QuotaHeaders): Readonly<Record<string, unknown>> {
  const meta = config['_meta']
  const fields = policyFieldNames(config.policy).map((name) => [name, config[name]] as const)
  return {
    // An empty table is written as a list there.
    _meta: isJsonObject(meta) && Object.keys(meta).length > 0 ? meta : [],
    rejected_code: config.rejected_code,
    rejected_msg: config.rejected_msg,
    show_limit_quota_header: config.show_limit_quota_header,
    policy: config.policy,
    key_type: 'constant',
    allow_degradation: config.allow_degradation,
    sync_interval: -1,
    limit_header: headers.limit,
    remaining_header: headers.remaining,
    reset_header: headers.reset,
    ...Object.fromEntries(fields),
  }
}

function keyPrefix(resourceKey: string, derived: Readonly<Record<string, unknown>>): string {
  return `${keyStart}${resourceKey}:${configHash(derived)}`
}
