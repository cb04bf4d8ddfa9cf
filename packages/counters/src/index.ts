export * from './store.ts'
export { createCounterStores } from './counter-stores.ts'
export { allocateCounters } from './local/layout.ts'
export type * from './requests/request-counters.ts'
export { DelayedCounters } from './requests/delayed-counters.ts'
export { createLocalCounters } from './local/local-counters.ts'
export {
  policyConditions,
  policyConditionsWithoutSentinel,
  policyEncryptFields,
  policyMember,
  policyMemberWithoutSentinel,
  redisClusterFields,
  redisFields,
} from './policy/policy-fields.ts'
export { policyFieldNames, toCounterPolicy } from './policy/counter-policy.ts'
