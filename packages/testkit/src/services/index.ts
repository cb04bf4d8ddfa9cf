export { type Certificate, type CertificateAuthority, createCertificateAuthority } from './certificates.ts'
export { type Etcd, type EtcdOptions, startEtcd } from './etcd.ts'
export { type Redis, type RedisOptions, startRedis } from './redis.ts'
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
