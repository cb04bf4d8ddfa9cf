// A JSON text too long to be parsed as a whole, which would hold up everybody else: it is scanned piece by piece as
// it arrives. What is known of it then is its outline; the rest stays bytes.
import type { JsonObject } from '../protocols/protocol.ts'
import { cutPieces } from './cut-pieces.ts'
import { OPEN_BRACE, OPEN_BRACKET } from './json-bytes.ts'
import { type JsonParts, JsonScanner, keyHash } from './json-scanner.ts'

/** Members up to this size are parsed and stand in the outline; others are stood for. */
export const memberBytesMax = 16_384
export const membersMax = 4096
/** All objects and arrays in the outline together: parsed, they take ten times as much and more. */
const nestedBytesMax = 65_536

/** Up to here the length of a long array is told. */
const longArrayLengthMax = 1024

/** Stands for a long string (or a number of so many digits): it equals nothing. */
export const longText = Symbol('a long text')
/** Stands for a long object. */
export const longObject: JsonObject = Object.freeze({})

/** Where a member stands, in bytes from the start of the text. */
export interface MemberPlace {
  readonly key: string
  readonly keyStart: number
  readonly start: number
  readonly end: number
}

/** Behind these keys all protocols have their pictures, recordings and files, or the addresses of them. */
const mediaKeys: ReadonlySet<number> = new Set(['url', 'image_url', 'data', 'file_data'].map(keyHash))

export class LongJson implements JsonParts {
  readonly pieces: Buffer[] = []
  length = 0
  /** Of the outermost object, in their order. */
  readonly members: MemberPlace[] = []
  // Without a prototype, so that no member is taken for one.
  readonly #outline: Record<string, unknown> = { __proto__: null }
  readonly #scanner = new JsonScanner(this, mediaKeys)
  #parts = 0
  #nestedBytes = 0
  #piece: Buffer | undefined = undefined
  #pieceStart = 0
  /** The key or value under way, as far as it stands in pieces before this one. */
  #held: Buffer[] = []
  #heldBytes = 0
  #key = ''
  #keyStart = 0

  push(piece: Buffer): void {
    this.pieces.push(piece)
    this.length += piece.length
    this.#piece = piece
    this.#scanner.push(piece)
    this.#hold(piece, this.#scanner.openAt)
    this.#pieceStart += piece.length
  }

  /** Whether the outermost value is one. */
  get isObject(): boolean {
    return this.#scanner.root === OPEN_BRACE
  }

  /** Why the text, now complete, cannot be read; empty when it can. */
  complaint(): string {
    this.#scanner.end()
    if (this.#scanner.failure !== '') return this.#scanner.failure
    return this.isObject && this.#parts > membersMax ? `more than ${membersMax} members` : ''
  }

  /**
   * What a complete text without complaint holds: an object with its short members as they are; where a long string,
   * object or array is, `longText`, `longObject`, or an array of as many `longText`s (or `longArrayLengthMax`).
   */
  get outline(): unknown {
    if (this.isObject) return this.#outline
    return this.#scanner.root === OPEN_BRACKET ? longArray(this.#parts) : longText
  }

  /** The members of an object that have come so far, as in the outline. */
  get shortMembers(): JsonObject {
    return this.#outline
  }

  /** Pictures and the like, as far as keys tell. */
  get media(): { readonly count: number; readonly bytes: number } {
    return { count: this.#scanner.notedTexts, bytes: this.#scanner.notedBytes }
  }

  /** A copy in one. */
  bytes(): Buffer {
    return Buffer.concat(this.pieces, this.length)
  }

  /** Parses all of it at once, however long that takes: about a millisecond for each 100 to 1000 KB. */
  parse(): unknown {
    return JSON.parse(this.bytes().toString())
  }

  /** Parses one member: the last of that name. */
  parseMember({ start, end }: MemberPlace): unknown {
    return JSON.parse(Buffer.concat(cutPieces(this.pieces, start, end)).toString())
  }

  key(start: number, end: number): void {
    const bytes = this.#bytesOf(start, end)
    // So long a name is nobody's.
    this.#key = bytes ? String(JSON.parse(bytes.toString())) : ''
    this.#keyStart = start
  }

  value(start: number, end: number, first: number, elements: number): void {
    this.#parts++
    if (!this.isObject || this.#parts > membersMax) return
    this.members.push({ key: this.#key, keyStart: this.#keyStart, start, end })
    const bytes = this.#isAffordable(start, end, first) ? this.#bytesOf(start, end) : undefined
    this.#outline[this.#key] = bytes ? JSON.parse(bytes.toString()) : standIn(first, elements)
  }

  #isAffordable(start: number, end: number, first: number): boolean {
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return true
    this.#nestedBytes += end - start
    return this.#nestedBytes <= nestedBytesMax
  }

  /** Undefined when there are more than are kept. */
  #bytesOf(start: number, end: number): Buffer | undefined {
    if (end - start > memberBytesMax) return undefined
    const from = start - this.#pieceStart
    const here = this.#piece?.subarray(Math.max(0, from), end - this.#pieceStart)
    return from >= 0 || !here ? here : Buffer.concat([...this.#held, here])
  }

  /** Keeps the beginning of a part that goes on in the next piece, unless it is long already. */
  #hold(piece: Buffer, openAt: number): void {
    if (openAt < 0 || openAt >= this.#pieceStart) {
      this.#held = []
      this.#heldBytes = 0
    }
    if (openAt < 0 || this.#heldBytes > memberBytesMax) return
    const part = piece.subarray(Math.max(0, openAt - this.#pieceStart))
    this.#held.push(part)
    this.#heldBytes += part.length
  }
}

function standIn(first: number, elements: number): unknown {
  if (first === OPEN_BRACE) return longObject
  return first === OPEN_BRACKET ? longArray(elements) : longText
}

/** One for each length, because what a client sends may ask for thousands. */
const longArrays: (readonly unknown[] | undefined)[] = []

function longArray(length: number): readonly unknown[] {
  const counted = Math.min(length, longArrayLengthMax)
  return (longArrays[counted] ??= Object.freeze(Array.from({ length: counted }, () => longText)))
}
