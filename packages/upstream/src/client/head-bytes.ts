// Looks at the bytes of a head. Heads are short: two loops cost a quarter of two calls of `indexOf` with a text.

const CR = 13
const LF = 10
const chunked = Buffer.from('hunked')
const K = 0x6b
const behindK = 2

/** Where the head that begins with the first byte ends, its empty line included; -1 when that is not there. */
export function headEndIn(bytes: Buffer, length: number): number {
  for (let at = 3; at < length; at++) {
    if (bytes[at] === LF && bytes[at - 1] === CR && bytes[at - 2] === LF && bytes[at - 3] === CR)
      return at + 1
  }
  return -1
}

/** Whether `chunked` occurs before `end`, be its first letter a capital or not. */
export function saysChunked(bytes: Buffer, end: number): boolean {
  for (let at = chunked.length - behindK - 1; at < end - behindK; at++) {
    if (bytes[at] === K && isChunked(bytes, at + behindK + 1 - chunked.length)) return true
  }
  return false
}

function isChunked(bytes: Buffer, from: number): boolean {
  for (let i = 0; i < chunked.length; i++) if (bytes[from + i] !== chunked[i]) return false
  return true
}
