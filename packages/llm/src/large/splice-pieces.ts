// Changes top-level members of a long JSON object in its own bytes.
import { cutPieces } from './cut-pieces.ts'
import type { LongJson } from './long-json.ts'

const open = Buffer.from('{')
const close = Buffer.from('}')
const comma = Buffer.from(',')

/**
 * The object with these members: `undefined` takes one away, others are JSON. A member that stands there twice is
 * changed in both places, as parsers disagree on which one counts. The bytes of the rest are not copied.
 */
export function splicePieces(json: LongJson, edits: ReadonlyMap<string, Buffer | undefined>): Buffer[] {
  const { pieces, members } = json
  const out: Buffer[] = [open]
  const known = new Set(members.map(({ key }) => key))
  for (const [key, value] of edits)
    if (value && !known.has(key)) add(Buffer.from(`${JSON.stringify(key)}:`), value)

  let kept: { readonly start: number; end: number } | undefined
  for (const { key, keyStart, start, end } of members) {
    if (!edits.has(key)) {
      if (kept) kept.end = end
      else kept = { start: keyStart, end }
      continue
    }
    addKept()
    const value = edits.get(key)
    if (value) add(...cutPieces(pieces, keyStart, start), value)
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
