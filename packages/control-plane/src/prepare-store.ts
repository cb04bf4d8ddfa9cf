// What a control plane writes before anybody asks it to: placeholders, and the names of the enabled plugins.
import { setTimeout as pause } from 'node:timers/promises'
import { StoreUnavailableError, type ConfigStore } from '@weir/config-store'
import type { Logger } from '@weir/telemetry'
import { updatePluginNames, type PluginNames } from './admin/plugin-names.ts'

const FIRST_WAIT_MS = 250
const LAST_WAIT_MS = 10_000

/** Writes only what is missing, so it can be begun as often as there is a doubt. */
export class Preparation {
  readonly #store: ConfigStore
  readonly #pluginNames: PluginNames | undefined
  readonly #log: Logger
  readonly #closing = new AbortController()
  #running = false
  #again = false

  constructor(store: ConfigStore, pluginNames: PluginNames | undefined, log: Logger) {
    this.#store = store
    this.#pluginNames = pluginNames
    this.#log = log
  }

  /** Tries until the store is there, or `end` is called. Begun while it runs, it checks once more afterwards. */
  begin(): void {
    this.#again = true
    if (!this.#running) void this.#run()
  }

  end(): void {
    this.#closing.abort()
  }

  async #run(): Promise<void> {
    this.#running = true
    const { signal } = this.#closing
    for (let waitMs = FIRST_WAIT_MS; this.#again && !signal.aborted;) {
      this.#again = false
      try {
        await this.#store.initialize()
        await updatePluginNames(this.#store, this.#pluginNames)
        waitMs = FIRST_WAIT_MS
      } catch (error) {
        this.#again = true
        this.#report(error)
        await pause(waitMs, undefined, { signal }).catch(() => {})
        waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)
      }
    }
    this.#running = false
  }

  #report(error: unknown): void {
    const expected = error instanceof StoreUnavailableError
    const why = error instanceof Error ? error.message : String(error)
    this.#log[expected ? 'warn' : 'error']('the store is not prepared yet', { error: why })
  }
}
