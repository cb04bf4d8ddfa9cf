// Long work in pieces, so that the event loop goes on in between.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** What is done between two looks at the clock should be much shorter. */
const TURN_MS = 5

/** To be asked after each piece of work: `if (turns.isOver) await turns.next()`. */
export class Turns {
  #end = performance.now() + TURN_MS

  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  async next(): Promise<void> {
    await nextTurn()
    this.#end = performance.now() + TURN_MS
  }
}
