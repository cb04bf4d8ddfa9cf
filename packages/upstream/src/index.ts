export * from './client/index.ts'
export type * from './health/view.ts'
