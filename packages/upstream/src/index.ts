export * from './client/index.ts'
export type * from './health/view.ts'
export * from './dns/index.ts'
export * from './balancer/index.ts'
