export { IncomingRequest } from './client-request.ts'
export { handleRequest, type Services } from './handle-request.ts'
export { requestType } from './variables.ts'
export type * from './types.ts'
