// The upstreams of one thread: documents in, ready to forward.
import { isDeepStrictEqual } from 'node:util'
import type { AddressSet } from '@weir/contract'
import type { ExchangeTimeouts, OriginOptions, Origins } from '../client/index.ts'
import type { Resolver } from '../dns/index.ts'
import { Forward } from './forward.ts'
import type { Target } from './target.ts'
import type {
  CompiledUpstream,
  CompiledUpstreams,
  ForwardAnswer,
  ForwardContext,
  UpstreamTimeout,
} from './types.ts'
import { type AcquireHealth, UpstreamState } from './upstream-state.ts'

/** What all upstreams of a thread share. */
export interface CompiledUpstreamsOptions {
  readonly origins: Origins
  readonly resolver: Resolver
  /** Absent: no upstream is checked (`apisix.disable_upstream_healthcheck`). */
  readonly health?: AcquireHealth | undefined
  /** `apisix.trusted_addresses`; absent: nobody is trusted, yet X-Forwarded-For is kept. */
  readonly trusted?: AddressSet | undefined
  /** For upstreams without a `keepalive_pool` of their own (`nginx_config.http.upstream`). */
  readonly keepAlive?: OriginOptions['keepAlive'] | undefined
  /** In [0, 1); which address of a node's name is taken. */
  readonly random?: (() => number) | undefined
}

/** One upstream as one route uses it. */
export interface RouteUpstream {
  readonly resourceKey: string
  readonly state: UpstreamState
  readonly targets: readonly Target[]
  readonly timeouts: ExchangeTimeouts
  readonly around: CompiledUpstreamsOptions
}

/** Seconds (routing.md §8). */
const timeoutDefault: UpstreamTimeout = { connect: 60, send: 60, read: 60 }

/** Call it once per thread. */
export function createCompiledUpstreams(around: CompiledUpstreamsOptions): CompiledUpstreams {
  const states = new Map<string, UpstreamState>()

  return {
    open(resourceKey, upstream, timeout) {
      let state = states.get(resourceKey)
      if (!state || !isSame(state.plan.upstream, upstream)) {
        state = new UpstreamState(resourceKey, upstream, around, state)
        states.set(resourceKey, state)
      }
      const { connect, send, read } = timeout ?? upstream.timeout ?? timeoutDefault
      return toCompiled({
        resourceKey,
        state,
        targets: state.targets(connect * 1000),
        timeouts: { sendMs: send * 1000, headersMs: read * 1000, idleMs: read * 1000 },
        around,
      })
    },
    drop(resourceKey) {
      states.get(resourceKey)?.release()
      states.delete(resourceKey)
    },
  }
}

function isSame(a: object, b: object): boolean {
  return a === b || isDeepStrictEqual(a, b)
}

function toCompiled(upstream: RouteUpstream): CompiledUpstream {
  const { problem } = upstream.state.plan
  return {
    forward(ctx: ForwardContext, target: string): Promise<ForwardAnswer> {
      if (problem) return Promise.reject(problem)
      return new Promise((resolve, reject) => new Forward(upstream, ctx, target, resolve, reject).begin())
    },
  }
}
