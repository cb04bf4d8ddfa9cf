// Changes top-level members of a long JSON object in its own bytes.
import { cutPieces } from './cut-pieces.ts'
import type { LongJson } from './long-json.ts'

const open = Buffer.from('{')
const close = Buffer.from('}')
const comma = Buffer.from(',')

/**
 * `undefined` takes a member away, a buffer is its new value as JSON. `front` and `back` go around what an array or a
 * string has inside.
 */
export type PieceEdit = Buffer | { readonly front: Buffer; readonly back: Buffer } | undefined

/**
 * The object with these members changed. One that stands there twice is set in both places, as parsers disagree on
 * which one counts; what gets something around it stays only once. The bytes of the rest are not copied.
 */
export function splicePieces(json: LongJson, edits: ReadonlyMap<string, PieceEdit>): Buffer[] {
  const { pieces, members } = json
  const out: Buffer[] = [open]
  const last = new Map(members.map((member) => [member.key, member]))
  for (const [key, value] of edits)
    if (Buffer.isBuffer(value) && !last.has(key)) add(Buffer.from(`${JSON.stringify(key)}:`), value)

  let kept: { readonly start: number; end: number } | undefined
  for (const member of members) {
    const { key, keyStart, start, end } = member
    if (!edits.has(key)) {
      if (kept) kept.end = end
      else kept = { start: keyStart, end }
      continue
    }
    addKept()
    const value = edits.get(key)
    if (Buffer.isBuffer(value)) add(...cutPieces(pieces, keyStart, start), value)
    else if (value && member === last.get(key)) {
      add(
        ...cutPieces(pieces, keyStart, start + 1),
        value.front,
        ...cutPieces(pieces, start + 1, end - 1),
        value.back,
        ...cutPieces(pieces, end - 1, end),
      )
    }
  }
  addKept()
  out.push(close)
  return out

  /** Unchanged members that follow each other stay as they are, with all that stands between them. */
  function addKept(): void {
    if (kept) add(...cutPieces(pieces, kept.start, kept.end))
    kept = undefined
  }

  function add(...bytes: Buffer[]): void {
    if (out.length > 1) out.push(comma)
    for (const one of bytes) out.push(one)
  }
}
