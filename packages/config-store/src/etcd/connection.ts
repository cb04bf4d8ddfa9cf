// One etcd3 client per endpoint, without any of etcd3's own retries, and the keep-alive it runs with.
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'
import type { EtcdSettings } from './settings.ts'
import { tlsOptions } from './tls.ts'

/** etcd refuses clients that ping more often than every 5 s (its --grpc-keepalive-min-time). */
const KEEPALIVE_TIME_MS = 6_000
const KEEPALIVE_TIMEOUT_MS = 4_000

/** gRPC's own pause between two attempts to connect starts at 1 s and grows to 120 s, far too slow for a follower. */
const RECONNECT_MIN_MS = 50
const RECONNECT_MAX_MS = 250

/**
 * Does not connect yet. `trustedCertificates` names PEM files, or `system` (`apisix.ssl.ssl_trusted_certificate`).
 * Throws when the URL is none or a file cannot be read.
 */
export function connect(url: string, tls: EtcdSettings['tls'], trustedCertificates: string): Etcd3 {
  const { protocol, host, hostname } = new URL(url)
  return new Etcd3({
    hosts: `${protocol}//${host}`,
    grpcOptions: {
      // Lists and watch events are as large as they are; etcd3's default of 4 MiB breaks on big configurations.
      'grpc.max_receive_message_length': -1,
      'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      // etcd hangs up on clients that ping without a call in progress. The watch always is one.
      'grpc.keepalive_permit_without_calls': 0,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_MIN_MS,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MAX_MS,
      // etcd3 answers a failure with a new channel. With gRPC's shared pool that would get the old connection again,
      // even one that hangs; and watch events would wait behind long lists.
      'grpc.use_local_subchannel_pool': 1,
      // A proxy for the way out (http_proxy) is not for the store next door.
      'grpc.enable_http_proxy': 0,
      ...(protocol === 'https:' && tlsOptions(hostname, tls, trustedCertificates)),
    },
    // etcd3's circuit breaker would keep a recovered server out for seconds.
    faultHandling: { host: () => noop, global: noop },
  })
}
