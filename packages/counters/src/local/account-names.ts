// The keys of local accounts as they read, for those who list them: the accounts themselves know only hashes.
import { NAME_BYTES } from './layout.ts'

/** Stands for the length of a key that is too long, or has characters beyond Latin-1. */
const NAMELESS = 0

export class AccountNames {
  readonly #bytes: Uint8Array
  /** Where the name of record 0 would be. */
  readonly #base: number

  /** `at`: the word at which the names begin. */
  constructor(shared: SharedArrayBuffer, at: number) {
    this.#bytes = new Uint8Array(shared)
    this.#base = at * 4 - NAME_BYTES
  }

  write(record: number, key: string): void {
    const at = this.#base + record * NAME_BYTES
    const length = Math.min(key.length, NAME_BYTES - 1)
    let isWhole = length === key.length
    for (let i = 0; i < length; i++) {
      const code = key.charCodeAt(i)
      if (code > 0xff) isWhole = false
      this.#bytes[at + 1 + i] = code
    }
    this.#bytes[at] = isWhole ? length : NAMELESS
  }

  /** Undefined when it does not begin so; null when it seems to and cannot be told. */
  read(record: number, prefix: string): string | null | undefined {
    const at = this.#base + record * NAME_BYTES
    // Of other characters than Latin-1's only the low byte is kept: it may begin so.
    for (let i = 0; i < prefix.length && i < NAME_BYTES - 1; i++) {
      if (this.#bytes[at + 1 + i] !== (prefix.charCodeAt(i) & 0xff)) return undefined
    }
    const length = this.#bytes[at]!
    if (length === NAMELESS) return null
    const key = String.fromCharCode(...this.#bytes.subarray(at + 1, at + 1 + length))
    return key.startsWith(prefix) ? key : undefined
  }
}
