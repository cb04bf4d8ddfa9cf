// Bare commands, for what is kept in Redis besides counters.
import {
  type CommandArgument,
  CounterUnavailableError,
  type RedisCommands,
  type StoreObserver,
} from '../store.ts'
import { RedisLink } from './link.ts'
import type { Target } from './target.ts'

export class RedisCommandLink implements RedisCommands {
  readonly #link: RedisLink

  constructor(target: Target, observer?: StoreObserver) {
    this.#link = new RedisLink(target, () => {}, observer)
  }

  async call(command: string, args: readonly CommandArgument[]): Promise<unknown> {
    try {
      return await this.#link.call(command, args)
    } catch (error) {
      throw new CounterUnavailableError(error instanceof Error ? error.message : 'failed')
    }
  }

  close(): void {
    this.#link.close()
  }
}
