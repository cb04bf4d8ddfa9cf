export { GatewayError, type ErrorCode, type GatewayErrorOptions } from './gateway-error.ts'
