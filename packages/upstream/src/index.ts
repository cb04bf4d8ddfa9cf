export * from './client/exchange.ts'
export type * from './client/http-client.ts'
export type * from './health/view.ts'
