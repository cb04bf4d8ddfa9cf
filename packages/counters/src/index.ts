export * from './store.ts'
export { allocateCounters } from './local/layout.ts'
export { createLocalCounters } from './local/local-counters.ts'
