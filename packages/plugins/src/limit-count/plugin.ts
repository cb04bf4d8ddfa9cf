// So many requests in a window (common-plugins.md §3.1).
import { knownPlugin } from '@weir/contract'
import { CounterUnavailableError, policyEncryptFields, toCounterPolicy } from '@weir/counters'
import { definePlugin, rateLimitingInfo, type Reply, type RequestContext } from '@weir/plugin-api'
import { refusalOf } from '../request-limits/refusal.ts'
import { resetSeconds } from '../token-quota/quota-headers.ts'
import { type Counted, createCounting } from './counting.ts'
import { familiesOf } from './families.ts'
import { type Limit, limitsOf } from './limits.ts'
import { type Config, metadataSchema, schema } from './schema.ts'

export const limitCount = definePlugin<Config>({
  name: 'limit-count',
  priority: 1002,
  schema,
  metadataSchema,
  encryptFields: policyEncryptFields,
  check: (config) => knownPlugin('limit-count')?.check(config),
  create(config, host) {
    const limits = limitsOf(config, host.owner.resourceKey)
    const refusal = refusalOf(config)
    const counting = createCounting(config, host.counters.requests(toCounterPolicy(config)), (error) =>
      host.log.error('requests could not be told to the shared counters', { reason: reasonOf(error) }),
    )

    /** Judges the limits from this one on; stays synchronous while the counters do. */
    function judge(
      ctx: RequestContext,
      from: number,
      applied: boolean,
    ): Reply | undefined | Promise<Reply | undefined> {
      let hasApplied = applied
      for (let i = from; i < limits.length; i++) {
        const limit = limits[i]!
        const key = limit.key(ctx)
        if (key === undefined) continue
        hasApplied = true
        const count = limit.count(ctx)
        const windowSeconds = limit.windowSeconds(ctx)
        if (count === undefined || windowSeconds === undefined) {
          return unresolved(ctx, 'count or time_window is not a positive integer')
        }
        const counted = counting.count(key, count, windowSeconds)
        if (counted instanceof Promise) {
          return counted.then((later) => told(ctx, limit, key, count, later) ?? judge(ctx, i + 1, true))
        }
        const reply = told(ctx, limit, key, count, counted)
        if (reply) return reply
      }
      return hasApplied ? undefined : unresolved(ctx, 'no rule applies')
    }

    function told(
      ctx: RequestContext,
      limit: Limit,
      key: string,
      count: number,
      { isAdmitted, remaining, resetMs }: Counted,
    ): Reply | undefined {
      ctx.state.set(rateLimitingInfo, { key, limit: count, remaining, resetMs })
      if (config.show_limit_quota_header) {
        const headers = limit.headers(host.metadata())
        ctx.setResponseHeader(headers.limit, String(count))
        ctx.setResponseHeader(headers.remaining, String(remaining))
        ctx.setResponseHeader(headers.reset, resetSeconds(resetMs))
      }
      if (isAdmitted) return undefined
      return { ...refusal, headers: { 'Retry-After': String(Math.max(1, Math.ceil(resetMs / 1000))) } }
    }

    function unresolved(ctx: RequestContext, reason: string): Reply | undefined {
      ctx.log.error('failed to get rate limit rules', { reason })
      return config.allow_degradation ? undefined : { status: 500 }
    }

    function away(ctx: RequestContext, error: unknown): Reply | undefined {
      if (!(error instanceof CounterUnavailableError)) throw error
      ctx.log.error('failed to limit count', { reason: error.message })
      return config.allow_degradation
        ? undefined
        : { status: 500, body: { error_msg: 'failed to limit count' } }
    }

    return {
      access(ctx) {
        try {
          const judged = judge(ctx, 0, false)
          return judged instanceof Promise ? judged.catch((error: unknown) => away(ctx, error)) : judged
        } catch (error) {
          return away(ctx, error)
        }
      },
      dispose: () => counting.close(),
    }
  },
  quotaFamilies: familiesOf,
})

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
