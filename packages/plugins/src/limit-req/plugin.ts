// So many requests a second, by a leaky bucket: what comes too fast is held back, what comes much too fast refused
// (common-plugins.md §3.2).
import { CounterUnavailableError, toCounterPolicy } from '@weir/counters'
import { definePlugin, type Reply, type RequestContext } from '@weir/plugin-api'
import { delay } from '../request-limits/delay.ts'
import { compileLimitKey } from '../request-limits/limit-key.ts'
import { refusalOf } from '../request-limits/refusal.ts'
import { configHash } from '../request-limits/sorted-json.ts'
import { type Config, schema } from './schema.ts'

export const limitReq = definePlugin<Config>({
  name: 'limit-req',
  priority: 1001,
  schema,
  encryptFields: ['redis_password'],
  create(config, host) {
    const { rate, burst, nodelay } = config
    const counters = host.counters.requests(toCounterPolicy(config))
    const prefix = `limit_req:${host.owner.resourceKey}:${configHash(config)}:`
    const key = compileLimitKey(config.key, config.key_type)
    const refusal = refusalOf(config)

    function judge(excess: number | undefined): Reply | undefined | Promise<undefined> {
      if (excess === undefined) return refusal
      return excess > 0 && !nodelay ? delay(excess / rate) : undefined
    }

    function away(ctx: RequestContext, error: unknown): Reply | undefined {
      if (!(error instanceof CounterUnavailableError)) throw error
      ctx.log.error('failed to limit req', { reason: error.message })
      return config.allow_degradation ? undefined : { status: 500 }
    }

    return {
      access(ctx) {
        try {
          const excess = counters.leak(prefix + key(ctx), rate, burst)
          if (!(excess instanceof Promise)) return judge(excess)
          return excess.then(judge).catch((error: unknown) => away(ctx, error))
        } catch (error) {
          return away(ctx, error)
        }
      },
    }
  },
})
