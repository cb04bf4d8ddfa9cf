// A lock that worker threads share. Held for about a microsecond; nobody waits for a thread that died with it.
import { header } from './layout.ts'

const SPINS_MAX = 200
const NAP_MS = 1
/**
 * After so many naps with the same holder it is dead: a thread that was ended in the middle of its turn. Naps are
 * counted rather than time, because a process that was stopped as a whole must find its holders alive.
 */
const NAPS_MAX = 2_000
/** A lock word is the holder's turn (21 bits) and the number of its thread (10 bits), never 0 and never the same twice. */
const THREADS_MAX = 1023
const TURNS_MASK = 2 ** 21 - 1

export class SharedLock {
  readonly #words: Int32Array
  readonly #napsMax: number
  readonly #thread: number
  #turn = 0
  #mine = 0

  constructor(words: Int32Array, napsMax = NAPS_MAX) {
    this.#words = words
    this.#napsMax = napsMax
    this.#thread = (Atomics.add(words, header.threads, 1) % THREADS_MAX) + 1
  }

  /** Returns true when the lock was taken from a dead thread: what it guards may be half changed. */
  acquire(): boolean {
    this.#turn = (this.#turn + 1) & TURNS_MASK
    this.#mine = (this.#turn << 10) | this.#thread
    return Atomics.compareExchange(this.#words, header.lock, 0, this.#mine) === 0 ? false : this.#wait()
  }

  release(): void {
    // Only if it is still ours: we may have been taken for dead.
    Atomics.compareExchange(this.#words, header.lock, this.#mine, 0)
    if (Atomics.load(this.#words, header.waiters) > 0) Atomics.notify(this.#words, header.lock, 1)
  }

  #wait(): boolean {
    const words = this.#words
    for (let spins = 0; spins < SPINS_MAX; spins++) {
      if (Atomics.load(words, header.lock) === 0 && this.#take(0)) return false
    }
    let naps = 0
    let holder = 0
    Atomics.add(words, header.waiters, 1)
    try {
      for (;;) {
        const seen = Atomics.load(words, header.lock)
        if (seen === 0) {
          if (this.#take(0)) return false
        } else if (seen !== holder) {
          holder = seen
          naps = 0
        } else if (naps >= this.#napsMax && this.#take(seen)) {
          return true
        }
        if (seen !== 0) Atomics.wait(words, header.lock, seen, NAP_MS)
        naps++
      }
    } finally {
      Atomics.sub(words, header.waiters, 1)
    }
  }

  #take(from: number): boolean {
    return Atomics.compareExchange(this.#words, header.lock, from, this.#mine) === from
  }
}
