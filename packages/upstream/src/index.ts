export * from './client/index.ts'
export * from './health/index.ts'
export * from './dns/index.ts'
export * from './balancer/index.ts'
