export {
  ProxyServer,
  type ListenAddress,
  type ProxyServerOptions,
  type ServerLimits,
} from './proxy-server.ts'
export { ServedReply } from './served-reply.ts'
