// This data plane in the store: that it runs, how far it has come, what it could not use. Control planes wait for it
// (`?wait=applied`), and `/v1/config` of every data plane shows it.
import { randomUUID } from 'node:crypto'
import {
  type ConfigStore,
  DATA_PLANES,
  type DataPlaneState,
  PROGRESS_QUESTION,
  type StoreChange,
} from '@weir/config-store'
import type { Logger } from '@weir/telemetry'
import type { Applied } from './serving.ts'

/** Who this data plane is, whatever it applies. */
export type Identity = Pick<DataPlaneState, 'id' | 'hostname' | 'version' | 'boot_time'>

export interface RegistrationOptions {
  readonly store: ConfigStore
  readonly identity: Identity
  /** How far each worker has come. */
  readonly applied: () => readonly Applied[]
  readonly log: Logger
}

/** One that died is waited for until its key is gone. */
const TTL_SECONDS = 30
/**
 * Rare, for all data planes hear of it; and who loses the store for less than that finds its newest change as it was,
 * and need not list everything again.
 */
const REFRESH_MS = 10_000
/** What changed without a question is told this often at most: every data plane hears of it. */
const TICK_MS = 1_000
const CLOSE_MS = 1_000

const REJECTED_MAX = 50
const ERROR_CHARACTERS_MAX = 500

/** Below it lies nothing that is configuration. */
const NOT_CONFIGURATION = '/data_plane/'

export class Registration {
  readonly #options: RegistrationOptions
  /** Two processes that were given one id are two data planes. */
  readonly #key = DATA_PLANES + randomUUID()
  #timer: NodeJS.Timeout | undefined
  /** The revision of the last question that is not answered yet; 0 when there is none. */
  #question = 0
  /** Of the newest change of the configuration. */
  #changed = 0
  #hasNews = false
  #toldAt = -Infinity
  #telling: Promise<void> | undefined
  #isFailing = false

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /** To be called once the first load, which is of `revision`, has been handed to the workers. */
  begin(revision: number): void {
    this.#changed = revision
    this.#hasNews = true
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
    this.#tick()
  }

  /** What the store says, once the workers have been given it. */
  heard(changes: readonly StoreChange[]): void {
    for (const { key, revision } of changes) {
      if (key === PROGRESS_QUESTION) this.#question = revision
      else if (!key.startsWith(NOT_CONFIGURATION)) {
        this.#changed = revision
        this.#hasNews = true
      }
    }
    this.#answer()
  }

  /** A worker has applied something. */
  progressed(): void {
    if (this.#question > 0) this.#answer()
  }

  /** Takes the key out of the store, so that nobody waits for this data plane any longer. */
  async close(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    await Promise.race([this.#leave(), new Promise((resolve) => void setTimeout(resolve, CLOSE_MS).unref())])
  }

  async #leave(): Promise<void> {
    await this.#telling
    await this.#options.store.delete(this.#key).catch(() => {})
  }

  #answer(): void {
    if (this.#question === 0 || !this.#timer || this.#telling) return
    if (reached(this.#options.applied()) >= this.#question) this.#tell()
  }

  #tick(): void {
    if (this.#telling) return
    if (this.#hasNews || performance.now() - this.#toldAt >= REFRESH_MS) this.#tell()
  }

  #tell(): void {
    const state = this.#state()
    if (state.revision >= this.#question) this.#question = 0
    // As long as a worker has not come so far, there is more to tell.
    this.#hasNews = state.revision < this.#changed
    this.#toldAt = performance.now()
    this.#telling = this.#write(state).finally(() => {
      this.#telling = undefined
      this.#answer()
    })
  }

  async #write(state: DataPlaneState): Promise<void> {
    const { store, log } = this.#options
    try {
      await store.put(this.#key, JSON.stringify(state), { ttlSeconds: TTL_SECONDS })
      this.#isFailing = false
    } catch (error) {
      // Said once: whoever may only read the store serves all the same.
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#isFailing) log.warn('this data plane cannot tell the store how far it has come', { reason })
      this.#isFailing = true
      this.#hasNews = true
    }
  }

  #state(): DataPlaneState {
    const { identity, applied } = this.#options
    const workers = applied()
    const rejected = workers[0]?.rejected ?? []
    return {
      ...identity,
      revision: reached(workers),
      workers: workers.map(({ revision }) => revision),
      rejected: newestFirst(rejected)
        .slice(0, REJECTED_MAX)
        .map(({ key, revision, error, inForce }) => ({
          key,
          revision,
          error: error.slice(0, ERROR_CHARACTERS_MAX),
          in_force: inForce,
        })),
      rejected_count: rejected.length,
    }
  }
}

/** Whoever waits for a write looks for a document that was rejected just now. */
function newestFirst(rejected: Applied['rejected']): Applied['rejected'] {
  return rejected.toSorted((one, other) => other.revision - one.revision)
}

/** What all workers have applied; 0 while one has not got through its first load, which comes in no order. */
function reached(workers: readonly Applied[]): number {
  return workers.length === 0
    ? 0
    : Math.min(...workers.map(({ isLoaded, revision }) => (isLoaded ? revision : 0)))
}
