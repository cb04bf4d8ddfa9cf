// A process of theorem.test.ts: makes random requests on one account until it is refused for good, and says what it used.
import { RedisCounters } from '../redis/redis-counters.ts'
import { targetOf } from '../redis/target.ts'
import type { RedisPolicy } from '../store.ts'

const REFUSALS_MAX = 50
const AT_ONCE = 8

const { policy, limit }: { policy: RedisPolicy; limit: number } = JSON.parse(process.argv[2] ?? '')
const store = new RedisCounters(targetOf(policy))
let used = 0
let refusals = 0
process.stdout.write('counting\n')
await Promise.all(Array.from({ length: AT_ONCE }, work))
process.stdout.write(`used ${used}\n`)
store.close()

async function work(): Promise<void> {
  while (refusals < REFUSALS_MAX) {
    const amount = Math.ceil(Math.random() * 40)
    const decision = await store.reserve(
      [{ key: 'node', limit, windowSeconds: 3600, amount, least: Math.ceil(amount / 2), admission: 'fits' }],
      60_000,
    )
    if (!decision.admitted) {
      refusals++
      continue
    }
    const spent = Math.floor(Math.random() * (decision.lease.amounts[0]! + 1))
    await new Promise((resolve) => void setTimeout(resolve, Math.random() * 3))
    await store.settle(decision.lease, [spent])
    used += spent
  }
}
