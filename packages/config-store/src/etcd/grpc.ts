// The few things of grpc-js for which etcd3 has no option. They must come from etcd3's own copy, because grpc-js
// tests with `instanceof`; our packages do not depend on it, so the types are taken from etcd3's.
import { createRequire } from 'node:module'
import type { PeerCertificate } from 'node:tls'
import type { KVClient } from 'etcd3'

export type CallOptions = NonNullable<Parameters<KVClient['range']>[1]>
export type Interceptor = NonNullable<CallOptions['interceptors']>[number]

type NextCall = ReturnType<Parameters<Interceptor>[1]>
type StartCall = NextCall['start']
type Metadata = Parameters<StartCall>[0]
type Status = Parameters<NonNullable<NonNullable<Parameters<StartCall>[1]>['onReceiveStatus']>>[0]

/** Acts on the beginning and the end of a call; what is not named here passes through. */
interface Requester {
  start(
    metadata: Metadata,
    outer: unknown,
    next: (metadata: Metadata, listener: StatusListener) => void,
  ): void
}

interface StatusListener {
  onReceiveStatus(status: Status, next: (status: Status) => void): void
}

interface Grpc {
  readonly credentials: {
    createSsl(
      root: Buffer | undefined,
      key: Buffer | undefined,
      chain: Buffer | undefined,
      verify: {
        rejectUnauthorized: boolean
        checkServerIdentity?: (name: string, certificate: PeerCertificate) => Error | undefined
      },
    ): unknown
  }
  readonly Channel: new (address: string, credentials: unknown, options: object) => unknown
  readonly InterceptingCall: new (nextCall: NextCall, requester: Requester) => ReturnType<Interceptor>
}

const requireLikeEtcd3 = createRequire(createRequire(import.meta.url).resolve('etcd3'))

export const grpc: Grpc = requireLikeEtcd3('@grpc/grpc-js')
