// Token quotas of consumers: each has its own on every LLM instance, and perhaps one over all of them. The mission's
// own plugin; strict by default, so that what a request is expected to cost must fit.
import type { AccountState } from '@weir/counters'
import { policyEncryptFields, toCounterPolicy } from '@weir/counters'
import {
  type Consumer,
  definePlugin,
  defineStateKey,
  type QuotaAccount,
  type QuotaAsk,
  type QuotaPlace,
  type QuotaSource,
} from '@weir/plugin-api'
import { addQuotaHeaders, remainingOf } from '../token-quota/quota-headers.ts'
import { countersAway, rejection, unresolved } from '../token-quota/quota-replies.ts'
import { TokenAsk } from '../token-quota/token-ask.ts'
import { complaintAbout } from './check.ts'
import { accountKey, type ConsumerQuota, consumerQuotas, holderOf } from './consumer-quota.ts'
import { schema, type Config } from './schema.ts'

const noAccounts: readonly QuotaAsk[] = []
const noQuotas: readonly ConsumerQuota[] = []

/** Whether the total is told: it is asked again with every instance that is tried. */
const totalIsTold = defineStateKey<boolean>('ai-consumer-rate-limiting-total-told')

export const aiConsumerRateLimiting = definePlugin<Config>({
  name: 'ai-consumer-rate-limiting',
  priority: 1032,
  onCredentials: true,
  schema,
  encryptFields: policyEncryptFields,
  check: complaintAbout,
  create(config, host) {
    const accounting = {
      store: host.counters.open(toCounterPolicy(config), config.degradation),
      admission: config.admission,
      clamps: config.clamp_max_tokens,
      chargesEstimates: true,
    }
    const byInstance = groupByInstance(consumerQuotas(config))
    const total = byInstance.get(undefined) ?? noQuotas
    const isOnCredential = host.owner.kind === 'credential'
    const holder = ({ username, credentialId }: Consumer) =>
      holderOf(username, isOnCredential ? credentialId : undefined)
    const quotasFor = (instance: string) => byInstance.get(instance) ?? total

    const quota: QuotaSource = {
      level: 'consumer',
      onRefusal: config.on_exhausted,

      asks(ctx, instance, estimate) {
        if (!ctx.consumer) return noAccounts
        const asks: QuotaAsk[] = []
        for (const metered of quotasFor(instance)) {
          const limit = metered.limit(ctx)
          const windowSeconds = metered.windowSeconds(ctx)
          if (limit === undefined || windowSeconds === undefined) {
            return unresolved(config, ctx, 'limit or time_window is not a positive integer')
          }
          const account = { key: accountKey(metered, holder(ctx.consumer)), limit, windowSeconds }
          asks.push(new TokenAsk(ctx, account, accounting, metered.cost, estimate))
        }
        return asks
      },

      decided(ctx, instance, states, refused) {
        if (!config.show_limit_quota_header) return
        const quotas = quotasFor(instance)
        const shown = tightest(quotas, states, refused, instance)
        if (shown >= 0) addQuotaHeaders(ctx, quotas[shown]!.headers, states[shown]!)
        const overall = tightest(quotas, states, refused, undefined)
        if (overall < 0 || ctx.state.get(totalIsTold)) return
        ctx.state.set(totalIsTold, true)
        addQuotaHeaders(ctx, quotas[overall]!.headers, states[overall]!)
      },

      refusal: (_ctx, _instance, state) => rejection(config, state),
      unavailable: (ctx, error) => countersAway(config, ctx, error),
    }
    return { quota, access: (ctx) => ctx.llm?.admit() }
  },
  quotaAccounts: accountsOf,
})

function accountsOf(config: Config, { consumer, credential }: QuotaPlace): readonly QuotaAccount[] {
  if (consumer === undefined) return []
  return consumerQuotas(config).map((quota) => ({
    key: accountKey(quota, holderOf(consumer, credential)),
    level: 'consumer',
    instance: quota.instance,
    strategy: quota.config.limit_strategy,
    limit: quota.config.limit,
    timeWindow: quota.config.time_window,
    policy: toCounterPolicy(config),
    isNamed: true,
  }))
}

/** For every instance that is named, its own quotas and then the total; under `undefined` the total alone. */
function groupByInstance(
  quotas: readonly ConsumerQuota[],
): ReadonlyMap<string | undefined, readonly ConsumerQuota[]> {
  const names = new Set([undefined, ...quotas.map(({ instance }) => instance)])
  return new Map(
    [...names].map((name) => [
      name,
      quotas.filter(({ instance }) => instance === name || instance === undefined),
    ]),
  )
}

/**
 * Which of several quotas of one instance its headers tell of: the one that refused, else the one with least left.
 * -1 when there is none.
 */
function tightest(
  quotas: readonly ConsumerQuota[],
  states: readonly AccountState[],
  refused: number,
  instance: string | undefined,
): number {
  if (refused >= 0 && quotas[refused]?.instance === instance) return refused
  let found = -1
  for (let i = 0; i < quotas.length; i++) {
    if (quotas[i]!.instance !== instance) continue
    if (found < 0 || remainingOf(states[i]!) < remainingOf(states[found]!)) found = i
  }
  return found
}
