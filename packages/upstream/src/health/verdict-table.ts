// The verdicts on all targets, in memory that every thread reads: one word per target, one per checker.
import { type HealthState, healthStates } from './state-machine.ts'

/** Targets and checkers together; 256 KiB. */
const wordsMax = 65_536
const stateBits = 2
const stateMask = 3
const generationMask = 0x0fff_ffff

/** Where a verdict is. The generation tells a word that was given to somebody else meanwhile. */
export interface Slot {
  readonly word: number
  readonly generation: number
}

/** Reads verdicts in any thread. */
export class VerdictReader {
  protected readonly words: Int32Array<SharedArrayBuffer>

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared)
  }

  /** 0 healthy .. 3 unhealthy; 0 as well when the slot is no longer its owner's. */
  stateAt(slot: Slot): number {
    const value = Atomics.load(this.words, slot.word)
    return value >>> stateBits === slot.generation ? value & stateMask : 0
  }

  /** Changes with each verdict of its checker. */
  versionAt(word: number): number {
    return Atomics.load(this.words, word)
  }
}

/** Owned by the main thread, which alone writes. */
export class VerdictTable extends VerdictReader {
  readonly shared: SharedArrayBuffer
  readonly #free: number[] = []
  #next = 0
  #generation = 0

  constructor() {
    const shared = new SharedArrayBuffer(wordsMax * Int32Array.BYTES_PER_ELEMENT)
    super(shared)
    this.shared = shared
  }

  /** Undefined when the table is full: such a target stays usable. */
  allocate(state: HealthState): Slot | undefined {
    const word = this.#takeWord()
    if (word === undefined) return undefined
    this.#generation = (this.#generation + 1) & generationMask
    const slot = { word, generation: this.#generation }
    this.write(slot, state)
    return slot
  }

  allocateVersion(): number | undefined {
    const word = this.#takeWord()
    if (word !== undefined) Atomics.store(this.words, word, 0)
    return word
  }

  write(slot: Slot, state: HealthState): void {
    Atomics.store(this.words, slot.word, (slot.generation << stateBits) | healthStates.indexOf(state))
  }

  bumpVersion(word: number): void {
    Atomics.add(this.words, word, 1)
  }

  free(word: number): void {
    Atomics.store(this.words, word, 0)
    this.#free.push(word)
  }

  #takeWord(): number | undefined {
    const word = this.#free.pop()
    if (word !== undefined) return word
    return this.#next < wordsMax ? this.#next++ : undefined
  }
}
