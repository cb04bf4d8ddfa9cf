// Finds the keys of accounts by what they begin with.
import type { AccountList } from '../store.ts'
import type { RedisLink } from './link.ts'

/** Steps of a scan for one list, of 1,000 keys each: who shares a Redis with more than these does not see all. */
const STEPS_MAX = 1_000

/** Rejects with LinkError. */
export async function listKeys(link: RedisLink, prefix: string, max: number): Promise<AccountList> {
  const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`
  const keys = new Set<string>()
  let place = 0
  let cursor = '0'
  for (let steps = 0; steps < STEPS_MAX && keys.size <= max; steps++) {
    const step = await link.scan(place, cursor, pattern)
    if (!step) return { keys: [...keys], isComplete: true }
    for (const key of step.keys) keys.add(key)
    cursor = step.next
    if (cursor === '0') place++
  }
  return { keys: [...keys].slice(0, max), isComplete: false }
}
