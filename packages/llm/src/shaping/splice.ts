// Changes top-level members of a JSON object in its own bytes: for a large prompt that is cheaper than writing all
// of it anew, and what was not changed stays as the client wrote it.
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** A member to set: its name, and its value as JSON. */
export interface MemberEdit {
  readonly key: string
  readonly json: Buffer
}

/**
 * `raw` is a JSON object that a parser has accepted. Returns undefined when it cannot be changed safely: a name
 * written with escapes, or an edited member that stands there twice (parsers disagree on which one counts).
 */
export function spliceMembers(raw: Buffer, edits: readonly MemberEdit[]): Buffer | undefined {
  const open = skipSpace(raw, 0)
  if (raw[open] !== OPEN_BRACE) return undefined
  const replaced: (MemberPlace | undefined)[] = edits.map(() => undefined)
  let at = skipSpace(raw, open + 1)
  const first = at
  while (raw[at] !== CLOSE_BRACE) {
    const keyEnd = stringEnd(raw, at)
    if (raw.subarray(at, keyEnd).includes(BACKSLASH)) return undefined
    const start = skipSpace(raw, skipSpace(raw, keyEnd + 1) + 1)
    const end = skipValue(raw, start)
    const edit = indexOfEdit(raw, at + 1, keyEnd, edits)
    if (edit >= 0) {
      if (replaced[edit]) return undefined
      replaced[edit] = { start, end, json: edits[edit]?.json ?? raw }
    }
    at = skipSpace(raw, end)
    if (raw[at] !== COMMA) break
    at = skipSpace(raw, at + 1)
  }
  return assemble(raw, open + 1, raw[first] === CLOSE_BRACE, edits, replaced)
}

interface MemberPlace {
  readonly start: number
  readonly end: number
  readonly json: Buffer
}

function assemble(
  raw: Buffer,
  head: number,
  isEmpty: boolean,
  edits: readonly MemberEdit[],
  replaced: readonly (MemberPlace | undefined)[],
): Buffer {
  const pieces: Buffer[] = [raw.subarray(0, head)]
  let added = ''
  for (const [i, edit] of edits.entries()) {
    if (!replaced[i]) added += `${added === '' ? '' : ','}${JSON.stringify(edit.key)}:${edit.json.toString()}`
  }
  if (added !== '') pieces.push(Buffer.from(isEmpty ? added : `${added},`))
  let from = head
  for (const place of replaced.filter((one) => one !== undefined).toSorted((a, b) => a.start - b.start)) {
    pieces.push(raw.subarray(from, place.start), place.json)
    from = place.end
  }
  pieces.push(raw.subarray(from))
  return Buffer.concat(pieces)
}

function indexOfEdit(raw: Buffer, start: number, end: number, edits: readonly MemberEdit[]): number {
  const name = raw.toString('utf8', start, end)
  return edits.findIndex((edit) => edit.key === name)
}

/** The place behind the value that starts at `at`. */
function skipValue(raw: Buffer, at: number): number {
  const first = raw[at]
  if (first === QUOTE) return stringEnd(raw, at) + 1
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(raw, at)
  let end = at
  while (end < raw.length && !endsScalar(raw[end])) end++
  return end
}

function skipNested(raw: Buffer, from: number): number {
  let depth = 0
  let at = from
  while (at < raw.length) {
    const byte = raw[at]
    if (byte === QUOTE) at = stringEnd(raw, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
      if (depth === 0) return at + 1
    }
    at++
  }
  return at
}

function endsScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === undefined || byte <= SPACE
}

function skipSpace(raw: Buffer, from: number): number {
  let at = from
  while (at < raw.length && isSpace(raw[at])) at++
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The place of the closing quote of the string that opens at `start`. Long strings cost one search each. */
function stringEnd(raw: Buffer, start: number): number {
  let at = start + 1
  for (;;) {
    at = raw.indexOf(QUOTE, at)
    if (at < 0) return raw.length
    let backslashes = 0
    while (raw[at - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
    at++
  }
}
