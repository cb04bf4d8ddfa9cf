// Policies `redis`, `redis-cluster` and `redis-sentinel`: counters that all nodes share, one key each.
import { randomUUID } from 'node:crypto'
import { LinkError, RedisLink } from '../redis/link.ts'
import { usedKeyOf } from '../redis/keys.ts'
import type { Script } from '../redis/scripts.ts'
import type { Target } from '../redis/target.ts'
import { CounterUnavailableError, type StoreObserver } from '../store.ts'
import {
  type Entrance,
  type RequestCounters,
  type SlideDecision,
  slideWaitMs,
  slidingWindow,
  weightOf,
  type WindowUse,
} from './request-counters.ts'
import {
  countScript,
  enterScript,
  hitScript,
  leakScript,
  leaveScript,
  slideScript,
} from './request-scripts.ts'

/** A request in thousandths, as buckets count. */
const UNIT = 1000

export class RedisRequestCounters implements RequestCounters {
  readonly #link: RedisLink

  constructor(target: Target, observer?: StoreObserver) {
    this.#link = new RedisLink(target, () => {}, observer)
  }

  async hit(key: string, amount: number, windowSeconds: number): Promise<WindowUse> {
    const [used = 0, resetMs = 0] = await this.#run(hitScript, key, [amount, windowSeconds])
    return { used, resetMs }
  }

  async slide(key: string, limit: number, windowSeconds: number): Promise<SlideDecision> {
    const { current, previous, leftMs } = slidingWindow(key, windowSeconds, Date.now())
    // In a cluster the two may be on different nodes, so no script can see both.
    const [before = 0] = await this.#run(countScript, previous, [])
    const weighted = weightOf(before, limit, windowSeconds, leftMs)
    const [admitted, used = 0] = await this.#run(slideScript, current, [limit, weighted, windowSeconds * 2])
    if (admitted === 1) return { admitted: true, used, weighted, resetMs: leftMs }
    return { admitted: false, used, weighted, resetMs: slideWaitMs(used, weighted, limit, leftMs) }
  }

  async leak(key: string, rate: number, burst: number): Promise<number | undefined> {
    const ttlSeconds = Math.ceil(burst / rate) + 1
    const args = [rate * UNIT, burst * UNIT, ttlSeconds]
    const [admitted, excess = 0] = await this.#run(leakScript, key, args)
    return admitted === 1 ? excess / UNIT : undefined
  }

  async enter(key: string, max: number, ttlSeconds: number): Promise<Entrance> {
    const id = randomUUID()
    const [admitted, count = 0] = await this.#run(enterScript, key, [id, max, ttlSeconds])
    if (admitted !== 1) return { count, ticket: undefined }
    return { count, ticket: { leave: async () => void (await this.#run(leaveScript, key, [id])) } }
  }

  close(): void {
    this.#link.close()
  }

  async #run(
    script: Script,
    key: string,
    args: readonly (string | number)[],
  ): Promise<readonly (number | undefined)[]> {
    let reply: unknown
    try {
      reply = await this.#link.run(script, [usedKeyOf(key)], args.map(String))
    } catch (error) {
      throw new CounterUnavailableError(error instanceof LinkError ? error.message : 'failed')
    }
    if (Array.isArray(reply) && reply.every((item) => typeof item === 'number')) return reply
    throw new CounterUnavailableError('redis: an answer that is not ours')
  }
}
