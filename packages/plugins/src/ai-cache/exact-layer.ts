// The first layer: answers by the fingerprint of their request.
import type { RedisCommands } from '@weir/counters'
import { decodeEntry, encodeEntry, type Entry } from './entry.ts'

/** `scope` and `fingerprint` as in the contract: `ai-cache:l1:<scope>:<fingerprint>`. */
export function exactKey(scope: string, fingerprint: string): string {
  return `ai-cache:l1:${scope}:${fingerprint}`
}

export class ExactLayer {
  readonly #redis: RedisCommands
  readonly #ttlSeconds: number

  constructor(redis: RedisCommands, ttlSeconds: number) {
    this.#redis = redis
    this.#ttlSeconds = ttlSeconds
  }

  /** Rejects when Redis does. */
  async find(key: string): Promise<Entry | undefined> {
    return decodeEntry(await this.#redis.call('GET', [key]))
  }

  async store(key: string, entry: Entry): Promise<void> {
    await this.#redis.call('SET', [key, encodeEntry(entry), 'EX', this.#ttlSeconds])
  }
}
