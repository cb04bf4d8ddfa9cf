// The upstreams of one thread: documents in, ready to forward.
import { isDeepStrictEqual } from 'node:util'
import type { AddressSet } from '@weir/contract'
import type { ExchangeTimeouts, OriginOptions, Origins } from '../client/index.ts'
import type { Resolver } from '../dns/index.ts'
import { Forward } from './forward.ts'
import { createPlan } from './plan.ts'
import type { Target } from './target.ts'
import type {
  CompiledUpstream,
  CompiledUpstreams,
  ForwardAnswer,
  ForwardContext,
  UpstreamTimeout,
} from './types.ts'
import { type AcquireHealth, UpstreamState } from './upstream-state.ts'

export interface CompiledUpstreamsOptions {
  readonly origins: Origins
  readonly resolver: Resolver
  /** Absent: no upstream is checked (`apisix.disable_upstream_healthcheck`). */
  readonly health?: AcquireHealth | undefined
  /** `apisix.trusted_addresses`; absent: nobody is trusted, yet X-Forwarded-For is kept. */
  readonly trusted?: AddressSet | undefined
  /** For upstreams without a `keepalive_pool` of their own (`nginx_config.http.upstream`). */
  readonly keepAlive: OriginOptions['keepAlive']
}

/** One upstream as one route uses it. */
export interface RouteUpstream {
  readonly resourceKey: string
  readonly state: UpstreamState
  readonly targets: readonly Target[]
  readonly timeouts: ExchangeTimeouts
  readonly resolver: Resolver
  readonly trusted: AddressSet | undefined
}

/** Seconds (routing.md §8). */
const timeoutDefault: UpstreamTimeout = { connect: 60, send: 60, read: 60 }

export function createCompiledUpstreams(options: CompiledUpstreamsOptions): CompiledUpstreams {
  const { origins, resolver, health, trusted, keepAlive } = options
  const states = new Map<string, UpstreamState>()

  return {
    open(resourceKey, upstream, timeout) {
      let state = states.get(resourceKey)
      if (!state || !isSame(state.plan.upstream, upstream)) {
        state = new UpstreamState(resourceKey, createPlan(upstream, keepAlive), origins, health, state)
        states.set(resourceKey, state)
      }
      const { connect, send, read } = timeout ?? upstream.timeout ?? timeoutDefault
      return toCompiled({
        resourceKey,
        state,
        targets: state.targets(connect * 1000),
        timeouts: { sendMs: send * 1000, headersMs: read * 1000, idleMs: read * 1000 },
        resolver,
        trusted,
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
  return {
    forward(ctx: ForwardContext, target: string): Promise<ForwardAnswer> {
      const { problem } = upstream.state.plan
      if (problem) return Promise.reject(problem)
      return new Promise((resolve, reject) => new Forward(upstream, ctx, target, resolve, reject).begin())
    },
  }
}
