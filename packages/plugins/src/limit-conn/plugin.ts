// So many requests at the same time: some more are held back, the rest refused (common-plugins.md §3.2).
import { CounterUnavailableError, type Ticket, toCounterPolicy } from '@weir/counters'
import { defineStateKey, definePlugin, type Reply, type RequestContext } from '@weir/plugin-api'
import { delay } from '../request-limits/delay.ts'
import { refusalOf } from '../request-limits/refusal.ts'
import { configHash } from '../request-limits/sorted-json.ts'
import { type ConnLimit, limitsOf } from './limits.ts'
import { type Config, schema } from './schema.ts'

/** What a request holds until it is over, and for which configuration. */
interface Held {
  readonly owner: object
  readonly ticket: Ticket
  /** Seconds for which it is held back. */
  readonly heldBack: number
}

const heldTickets = defineStateKey<Held[]>('limit-conn-tickets')

/** For how long a request counts that never ends; seconds. Shared counters have a setting for it. */
const LOCAL_TTL = 3600
const MS_PER_SECOND = 1000

export const limitConn = definePlugin<Config>({
  name: 'limit-conn',
  priority: 1003,
  schema,
  encryptFields: ['redis_password'],
  create(config, host) {
    const { default_conn_delay: defaultDelay = 0, only_use_default_delay: isFixed } = config
    const counters = host.counters.requests(toCounterPolicy(config))
    const limits = limitsOf(config, `limit_conn:${host.owner.resourceKey}:${configHash(config)}`)
    const refusal = refusalOf(config)
    const keyTtl = config['key_ttl']
    const ttlSeconds = typeof keyTtl === 'number' ? keyTtl : LOCAL_TTL
    const owner = {}
    // Seconds that one request takes, as far as is known: each request draws it half the way to its own.
    let unitDelay = defaultDelay

    /** Enters by the limits from this one on. `heldBack` is in seconds. */
    async function enter(ctx: RequestContext): Promise<Reply | undefined> {
      let heldBack = 0
      let hasApplied = false
      for (const limit of limits) {
        const entered = await enterOne(ctx, limit)
        if (entered === undefined) continue
        hasApplied = true
        if (typeof entered === 'object') return entered
        heldBack += entered
      }
      if (!hasApplied) {
        ctx.log.error('failed to get limit conn rules', { reason: 'no rule applies' })
        return config.allow_degradation ? undefined : { status: 500 }
      }
      return heldBack > 0 ? delay(heldBack) : undefined
    }

    /** Seconds to hold the request back, a refusal, or undefined when the limit does not apply. */
    async function enterOne(ctx: RequestContext, limit: ConnLimit): Promise<number | Reply | undefined> {
      const key = limit.key(ctx)
      if (key === undefined) return undefined
      const conn = limit.conn(ctx)
      const burst = limit.burst(ctx)
      if (conn === undefined || burst === undefined) {
        ctx.log.error('failed to limit conn', { reason: 'conn or burst is no integer' })
        return config.allow_degradation ? 0 : { status: 500 }
      }
      const { count, ticket } = await counters.enter(key, conn + burst, ttlSeconds)
      if (!ticket) return refusal
      const heldBack = count > conn ? unitDelay * Math.floor((count - 1) / conn) : 0
      const held = ctx.state.get(heldTickets)
      if (held) held.push({ owner, ticket, heldBack })
      else ctx.state.set(heldTickets, [{ owner, ticket, heldBack }])
      return heldBack
    }

    /** Returns for how many seconds the request was held back, undefined when it was not inside. */
    function leave(ctx: RequestContext): number | undefined {
      let heldBack: number | undefined
      for (const held of ctx.state.get(heldTickets) ?? []) {
        if (held.owner !== owner) continue
        heldBack = (heldBack ?? 0) + held.heldBack
        void leaveOne(ctx, held.ticket)
      }
      return heldBack
    }

    return {
      async access(ctx) {
        try {
          return await enter(ctx)
        } catch (error) {
          if (!(error instanceof CounterUnavailableError)) throw error
          report(ctx, error)
          return config.allow_degradation ? undefined : { status: 500 }
        }
      },
      log(ctx, { durationMs, upstreamMs }) {
        const heldBack = leave(ctx)
        if (heldBack === undefined || isFixed) return
        // Where no upstream was asked, the time without that for which it was held back.
        const lasted = upstreamMs ?? Math.max(0, durationMs - heldBack * MS_PER_SECOND)
        unitDelay = (unitDelay + lasted / MS_PER_SECOND) / 2
      },
    }
  },
})

function report(ctx: RequestContext, error: unknown): void {
  ctx.log.error('failed to limit conn', {
    reason: error instanceof Error ? error.message : String(error),
  })
}

/** Who cannot be reached now forgets the request by itself, later. */
async function leaveOne(ctx: RequestContext, ticket: Ticket): Promise<void> {
  try {
    await ticket.leave()
  } catch (error) {
    report(ctx, error)
  }
}
