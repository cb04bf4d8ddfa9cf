// Records of one kind in shared memory: taken from the front, given back into a list.

export interface RecordKind {
  /** Size of a record in 32-bit words. */
  readonly words: number
  /** The word of a record that links free ones. */
  readonly next: number
}

export interface PoolPlace {
  /** Word of record 1. */
  readonly at: number
  readonly max: number
  /** Words that hold how many records were ever taken, and the first that was given back. */
  readonly takenWord: number
  readonly freeWord: number
}

/** Counts from 1; 0 is none. */
export type RecordNumber = number

export class RecordPool {
  readonly #words: Int32Array
  readonly #kind: RecordKind
  readonly #place: PoolPlace
  /** Where record 0 would be. */
  readonly #base: number

  constructor(words: Int32Array, kind: RecordKind, place: PoolPlace) {
    this.#words = words
    this.#kind = kind
    this.#place = place
    this.#base = place.at - kind.words
  }

  /** Records 1 .. `taken` have been in use at some time. */
  get taken(): number {
    return this.#word(this.#place.takenWord)
  }

  /** The record's first word; half of it is its first number. */
  wordOf(record: number): number {
    return this.#base + record * this.#kind.words
  }

  hasRoomFor(wanted: number): boolean {
    let missing = wanted - (this.#place.max - this.taken)
    for (let free = this.#word(this.#place.freeWord); missing > 0 && free !== 0; missing--) {
      free = this.#word(this.wordOf(free) + this.#kind.next)
    }
    return missing <= 0
  }

  /** Only after `hasRoomFor`. */
  take(): number {
    const free = this.#word(this.#place.freeWord)
    if (free === 0) return (this.#words[this.#place.takenWord] = this.taken + 1)
    this.#words[this.#place.freeWord] = this.#word(this.wordOf(free) + this.#kind.next)
    return free
  }

  giveBack(record: number): void {
    this.#words[this.wordOf(record) + this.#kind.next] = this.#word(this.#place.freeWord)
    this.#words[this.#place.freeWord] = record
  }

  forgetFree(): void {
    this.#words[this.#place.freeWord] = 0
  }

  #word(index: number): number {
    return this.#words[index]!
  }
}
