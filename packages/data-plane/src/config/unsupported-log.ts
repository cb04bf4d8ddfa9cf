// Tells operators of plugins that documents name and this build does not run.
import type { Logger } from '@weir/telemetry'

/** Names that are remembered; documents may hold any. */
const NAMES_MAX = 1000

/** One line for each plugin, however many documents name it. */
export class UnsupportedLog {
  readonly #log: Logger
  readonly #told = new Set<string>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `key` is that of the document. */
  tell(plugins: readonly string[], key: string): void {
    for (const plugin of plugins) {
      if (this.#told.has(plugin) || this.#told.size === NAMES_MAX) continue
      this.#told.add(plugin)
      const message = 'a plugin is not run by this build: requests that meet it are answered 503'
      this.#log.warn(message, { plugin, first_seen_in: key })
    }
  }
}
