// Reads JSON as its bytes arrive, without keeping any of it: whether it is well formed, and where the members of the
// outermost object (or the elements of the outermost array) stand. Each chunk costs time in proportion to its length.
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isDigit,
  isEscape,
  isHexDigit,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from './json-bytes.ts'
import {
  firstNumberState,
  isWholeNumber,
  nextNumberState,
  NUMBER_BROKEN,
  NUMBER_OVER,
  takesDigits,
} from './json-number.ts'
import { plainEnd, wordsOf } from './plain-text.ts'

/** Containers inside each other, as in APISIX (lua-cjson). */
export const jsonDepthMax = 1000

/** Who is told what stands directly in the outermost container. Places are bytes from the start of the text. */
export interface JsonParts {
  /** A member's name with its quotes. */
  key(start: number, end: number): void
  /** A member's value, or an element. `first` is its first byte; `elements` counts those of an array. */
  value(start: number, end: number, first: number, elements: number): void
}

// What is expected next. Numbers, because the loop over the bytes is as hot as any.
const TEXT = 0
const KEY_TEXT = 1
const NUMBER = 2
const ESCAPE = 3
const HEX_DIGIT = 4
const LITERAL = 5
const VALUE = 6
const VALUE_OR_END = 7
const KEY = 8
const KEY_OR_END = 9
const COLON_MARK = 10
const COMMA_OR_END = 11

const literals = new Map([
  [0x74, Buffer.from('true')],
  [0x66, Buffer.from('false')],
  [0x6e, Buffer.from('null')],
])
const noBytes = Buffer.alloc(0)
const LETTER_U = 0x75

export class JsonScanner {
  /** Why this is not JSON; empty while it may be. */
  failure = ''
  /** Where the key or value that is under way in the outermost container began; -1 between them. */
  openAt = -1
  /** The first byte of the outermost value; 0 before it. */
  root = 0
  /** How many strings stand behind a noted key, and their bytes, escapes counted as they stand. */
  notedTexts = 0
  notedBytes = 0
  readonly #parts: JsonParts
  readonly #noted: ReadonlySet<number>
  #expected = VALUE
  /** Bytes in chunks before this one. */
  #offset = 0
  #depth = 0
  /** For each depth, whether the container there is an array. */
  readonly #isArray: number[] = []
  #first = 0
  #elements = 0
  #textStart = 0
  #isKey = false
  #keyHash = 0
  #isNoted = false
  #number = 0
  #hexDigits = 0
  #literal = noBytes
  #literalAt = 0

  /** `noted`: hashes, by `keyHash`, of the keys whose strings are counted wherever they stand. */
  constructor(parts: JsonParts, noted: ReadonlySet<number>) {
    this.#parts = parts
    this.#noted = noted
  }

  push(chunk: Buffer): void {
    const words = wordsOf(chunk)
    let at = 0
    while (at < chunk.length && this.failure === '') {
      switch (this.#expected) {
        case TEXT:
          at = this.#takeText(chunk, words, at)
          break
        case KEY_TEXT:
          at = this.#takeKey(chunk, at)
          break
        case NUMBER:
          at = this.#takeNumber(chunk, at)
          break
        default:
          this.#take(chunk[at] ?? 0, at)
          at++
      }
    }
    this.#offset += chunk.length
  }

  /** There is no more. */
  end(): void {
    if (this.#expected === NUMBER && this.#depth === 0 && isWholeNumber(this.#number)) this.#endValue(0)
    if (this.failure === '' && (this.#depth > 0 || this.#expected !== COMMA_OR_END)) {
      this.failure = `the text ends at byte ${this.#offset}, before its value does`
    }
  }

  #take(byte: number, at: number): void {
    switch (this.#expected) {
      case ESCAPE:
        if (!isEscape(byte)) return this.#fail(at)
        this.#hexDigits = 4
        this.#expected = byte === LETTER_U ? HEX_DIGIT : this.#isKey ? KEY_TEXT : TEXT
        return
      case HEX_DIGIT:
        if (!isHexDigit(byte)) return this.#fail(at)
        if (--this.#hexDigits === 0) this.#expected = this.#isKey ? KEY_TEXT : TEXT
        return
      case LITERAL:
        if (byte !== this.#literal[this.#literalAt++]) return this.#fail(at)
        if (this.#literalAt === this.#literal.length) this.#endValue(at + 1)
        return
      case VALUE:
        if (!isSpace(byte)) this.#startValue(byte, at)
        return
      case VALUE_OR_END:
        if (byte === CLOSE_BRACKET) this.#close(at)
        else if (!isSpace(byte)) this.#startValue(byte, at)
        return
      case KEY:
        if (!isSpace(byte)) this.#startKey(byte, at)
        return
      case KEY_OR_END:
        if (byte === CLOSE_BRACE) this.#close(at)
        else if (!isSpace(byte)) this.#startKey(byte, at)
        return
      case COLON_MARK:
        if (byte === COLON) this.#expected = VALUE
        else if (!isSpace(byte)) this.#fail(at)
        return
      default:
        if (!isSpace(byte)) this.#afterValue(byte, at)
    }
  }

  #afterValue(byte: number, at: number): void {
    const isArray = this.#isArray[this.#depth] === 1
    if (this.#depth === 0) this.#fail(at)
    else if (byte === COMMA) this.#expected = isArray ? VALUE : KEY
    else if (byte === (isArray ? CLOSE_BRACKET : CLOSE_BRACE)) this.#close(at)
    else this.#fail(at)
  }

  #startKey(byte: number, at: number): void {
    if (byte !== QUOTE) return this.#fail(at)
    if (this.#depth === 1) this.openAt = this.#offset + at
    this.#isKey = true
    this.#keyHash = 0
    this.#expected = KEY_TEXT
  }

  #startValue(byte: number, at: number): void {
    if (this.#depth === 0) this.root = byte
    else if (this.#depth === 1) {
      this.openAt = this.#offset + at
      this.#first = byte
      this.#elements = 0
    } else if (this.#depth === 2) this.#elements++
    if (byte === QUOTE) {
      this.#isKey = false
      this.#textStart = this.#offset + at + 1
      this.#expected = TEXT
      return
    }
    this.#isNoted = false
    if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (this.#depth === jsonDepthMax) return this.#fail(at, 'too many nested data structures')
      this.#depth++
      this.#isArray[this.#depth] = byte === OPEN_BRACKET ? 1 : 0
      this.#expected = byte === OPEN_BRACKET ? VALUE_OR_END : KEY_OR_END
      return
    }
    const literal = literals.get(byte)
    if (literal) {
      this.#literal = literal
      this.#literalAt = 1
      this.#expected = LITERAL
      return
    }
    this.#number = firstNumberState(byte)
    if (this.#number === NUMBER_BROKEN) return this.#fail(at)
    this.#expected = NUMBER
  }

  #takeKey(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (byte === QUOTE) {
        this.#isNoted = this.#noted.has(this.#keyHash)
        this.#expected = COLON_MARK
        if (this.#depth === 1) {
          this.#parts.key(this.openAt, this.#offset + at + 1)
          this.openAt = -1
        }
        return at + 1
      }
      if (byte === BACKSLASH) {
        this.#expected = ESCAPE
        return at + 1
      }
      if (byte < SPACE) {
        this.#fail(at)
        return at
      }
      this.#keyHash = addToHash(this.#keyHash, byte)
    }
    return chunk.length
  }

  #takeText(chunk: Buffer, words: Int32Array, from: number): number {
    const at = plainEnd(chunk, words, from)
    if (at === chunk.length) return at
    const byte = chunk[at]
    if (byte === BACKSLASH) this.#expected = ESCAPE
    else if (byte !== QUOTE) this.#fail(at)
    else {
      if (this.#isNoted) {
        this.notedTexts++
        this.notedBytes += this.#offset + at - this.#textStart
        this.#isNoted = false
      }
      this.#endValue(at + 1)
    }
    return at + 1
  }

  #takeNumber(chunk: Buffer, from: number): number {
    const end = chunk.length
    let at = from
    while (at < end) {
      if (takesDigits(this.#number)) {
        while (at < end && isDigit(chunk[at] ?? 0)) at++
        if (at === end) break
      }
      const next = nextNumberState(this.#number, chunk[at] ?? 0)
      if (next === NUMBER_BROKEN) {
        this.#fail(at)
        break
      }
      if (next === NUMBER_OVER) {
        this.#endValue(at)
        break
      }
      this.#number = next
      at++
    }
    return at
  }

  #close(at: number): void {
    this.#depth--
    this.#endValue(at + 1)
  }

  #endValue(end: number): void {
    this.#expected = COMMA_OR_END
    if (this.#depth !== 1) return
    this.#parts.value(this.openAt, this.#offset + end, this.#first, this.#elements)
    this.openAt = -1
  }

  #fail(at: number, reason = 'unexpected character'): void {
    this.failure = `${reason} at byte ${this.#offset + at}`
  }
}

export function keyHash(key: string): number {
  let hash = 0
  for (const byte of Buffer.from(key)) hash = addToHash(hash, byte)
  return hash
}

function addToHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}
