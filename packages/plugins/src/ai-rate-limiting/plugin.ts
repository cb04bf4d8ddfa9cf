// Token limits on LLM instances, as APISIX has them (ai-plugins.md §10). Requests under way count as used, so that a
// crowd does not pass on the quota of one; one after another they see exactly what APISIX shows them.
import { policyEncryptFields, toCounterPolicy } from '@weir/counters'
import { definePlugin, type QuotaSource } from '@weir/plugin-api'
import { countersAway, rejection } from '../token-quota/quota-replies.ts'
import { createTokenCost, strategyComplaint } from '../token-quota/token-cost.ts'
import { admissionOf, degradationOf, ownComplaint } from './own-members.ts'
import { createInstanceQuota } from './instance-quota.ts'
import { accountsOf, familiesOf } from './limiter.ts'
import { createRuleQuota } from './rule-quota.ts'
import { schema, type Config } from './schema.ts'

export const aiRateLimiting = definePlugin<Config>({
  name: 'ai-rate-limiting',
  priority: 1030,
  schema,
  encryptFields: policyEncryptFields,
  check: (config) => strategyComplaint(config.limit_strategy, config.cost_expr) ?? ownComplaint(config),
  create(config, host) {
    const { rules = [] } = config
    const accounting = {
      store: host.counters.open(toCounterPolicy(config), degradationOf(config)),
      admission: admissionOf(config),
      clamps: config['clamp_max_tokens'] === true,
      // As APISIX: a complete answer without usage costs nothing. One that was cut short is estimated.
      chargesEstimates: false,
    }
    const cost = createTokenCost(config.limit_strategy, config.cost_expr)
    const { resourceKey } = host.owner
    const metered =
      rules.length > 0
        ? createRuleQuota(config, rules, resourceKey, accounting, cost)
        : createInstanceQuota(config, resourceKey, accounting, cost)
    const quota: QuotaSource = {
      level: 'instance',
      ...metered,
      refusal: (_ctx, _instance, state) => rejection(config, state),
      unavailable: (ctx, error) => countersAway(config, ctx, error),
    }
    return { quota, access: (ctx) => ctx.llm?.admit() }
  },
  quotaAccounts: accountsOf,
  quotaFamilies: familiesOf,
})
