// Vectors and what they stand for, in a Redis with RediSearch (contract/ai-plugins.md §13).
import type { RedisCommands } from '@weir/counters'
import { type Entry, toEntry } from '../entry.ts'

/** How long nothing is asked after a Redis without RediSearch was found. Milliseconds. */
const awayMs = 30_000

/** In one step, so that no document stays for ever. */
const storeScript =
  "redis.call('HSET', KEYS[1], unpack(ARGV, 2)) return redis.call('EXPIRE', KEYS[1], ARGV[1])"

const hashesWith = ['ON', 'HASH', 'PREFIX', 1] as const
const fields = ['SCHEMA', 'partition', 'TAG', 'embedding', 'VECTOR', 'HNSW', 6, 'TYPE', 'FLOAT32'] as const
const returned = ['__score', 'response', 'created_at', 'format'] as const
const answered = ['RETURN', returned.length, ...returned, 'SORTBY', '__score', 'DIALECT', 2] as const

export interface Near {
  readonly entry: Entry
  /** 1 for the same direction, less for others. */
  readonly similarity: number
}

export interface VectorIndexSettings {
  readonly redis: RedisCommands
  /** `<index>:idx:<id>` and `<index>:l2:<id>` get the dimension behind them. */
  readonly base: string
  readonly id: string
  readonly topK: number
  readonly ttlSeconds: number
  now(): number
}

export class VectorIndex {
  readonly #settings: VectorIndexSettings
  #awayUntilMs = 0

  constructor(settings: VectorIndexSettings) {
    this.#settings = settings
  }

  /** Whether asking makes sense: without RediSearch an embedding would be paid for in vain. */
  get isAway(): boolean {
    return this.#settings.now() < this.#awayUntilMs
  }

  /** The nearest of one partition. Rejects when Redis cannot tell, even with a new index. */
  async nearest(partition: string, vector: readonly number[]): Promise<Near | undefined> {
    try {
      return await this.#search(partition, vector)
    } catch {
      // Most likely the index is not there yet. Somebody else may make it at the same time.
      await this.#create(vector.length).catch(() => {})
    }
    try {
      return await this.#search(partition, vector)
    } catch (error) {
      this.#awayUntilMs = this.#settings.now() + awayMs
      throw error
    }
  }

  async store(
    partition: string,
    fingerprint: string,
    vector: readonly number[],
    entry: Entry,
  ): Promise<void> {
    const { redis, base, id, ttlSeconds } = this.#settings
    const key = `${base}:l2:${id}:${vector.length}:${partition}:${fingerprint}`
    const { body, created_at, format } = entry
    const members = ['partition', partition, 'embedding', toFloat32(vector), 'response', body]
    members.push('created_at', String(created_at), 'format', format)
    await redis.call('EVAL', [storeScript, 1, key, ttlSeconds, ...members])
  }

  async #search(partition: string, vector: readonly number[]): Promise<Near | undefined> {
    const { redis, topK } = this.#settings
    const query = `(@partition:{${partition}})=>[KNN ${topK} @embedding $vec AS __score]`
    const reply = await redis.call('FT.SEARCH', [
      this.#name(vector.length),
      query,
      'PARAMS',
      2,
      'vec',
      toFloat32(vector),
      ...answered,
    ])
    return readNearest(reply)
  }

  async #create(dimensions: number): Promise<void> {
    const { redis, base, id } = this.#settings
    await redis.call('FT.CREATE', [
      this.#name(dimensions),
      ...hashesWith,
      `${base}:l2:${id}:${dimensions}:`,
      ...fields,
      'DIM',
      dimensions,
      'DISTANCE_METRIC',
      'COSINE',
    ])
  }

  #name(dimensions: number): string {
    const { base, id } = this.#settings
    return `${base}:idx:${id}:${dimensions}`
  }
}

/** The reply is `[total, key, [name, value, ...], ...]`, nearest first. */
function readNearest(reply: unknown): Near | undefined {
  const members: unknown = Array.isArray(reply) ? reply[2] : undefined
  if (!Array.isArray(members)) return undefined
  const values = new Map<unknown, unknown>()
  for (let i = 0; i + 1 < members.length; i += 2) values.set(members[i], members[i + 1])
  const entry = toEntry(values.get('response'), values.get('created_at'), values.get('format'))
  const distance = Number(values.get('__score') ?? Number.NaN)
  return entry && Number.isFinite(distance) ? { entry, similarity: 1 - distance } : undefined
}

/** Little-endian, whatever this machine is. */
function toFloat32(vector: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, i * 4)
  return bytes
}
