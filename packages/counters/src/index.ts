export * from './store.ts'
export { createCounterStores } from './counter-stores.ts'
export { allocateCounters } from './local/layout.ts'
export { createLocalCounters } from './local/local-counters.ts'
