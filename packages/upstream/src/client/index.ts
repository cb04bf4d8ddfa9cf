export * from './exchange.ts'
export * from './http-client.ts'
export { createOrigins, type OriginsSettings } from './origins.ts'
