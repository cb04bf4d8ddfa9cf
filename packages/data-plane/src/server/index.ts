export { assertFree, isAvailable } from './assert-free.ts'
export { ProxyServer, type ListenAddress, type ServerLimits, type Traffic } from './proxy-server.ts'
export {
  json,
  type LocalAnswer,
  type LocalRequest,
  type LocalServer,
  notFoundPage,
  startLocalServer,
} from './local-server.ts'
export { startStatusServer } from './status-server.ts'
