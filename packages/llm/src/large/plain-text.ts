// Skips the bytes of a JSON string that mean themselves: all but the quote, the backslash and control characters.
import { BACKSLASH, QUOTE, SPACE } from './json-bytes.ts'

/** The chunk's memory, four bytes at a time. */
export function wordsOf(chunk: Buffer): Int32Array {
  return new Int32Array(chunk.buffer, 0, chunk.buffer.byteLength >> 2)
}

/**
 * The place of the first byte from `from` on that is not plain, or the chunk's length. Long prompts are mostly such
 * text, and JavaScript looks at single bytes six times slower: a word holds a byte below 0x20 or a quote when
 * (x ^ 2) - 0x21 borrows in some byte, and a backslash when (x ^ 0x5c) - 1 does.
 */
export function plainEnd(chunk: Buffer, words: Int32Array, from: number): number {
  const shift = chunk.byteOffset
  const end = chunk.length
  let at = from
  while (at < end && ((shift + at) & 3) !== 0) {
    if (!isPlain(chunk[at] ?? 0)) return at
    at++
  }
  let word = (shift + at) >> 2
  const lastWord = (shift + end) >> 2
  while (word < lastWord) {
    const bytes = words[word] ?? 0
    const slashes = bytes ^ 0x5c5c5c5c
    const low = ((bytes ^ 0x02020202) - 0x21212121) & ~bytes
    if ((low | ((slashes - 0x01010101) & ~slashes)) & 0x80808080) break
    word++
  }
  at = Math.max(at, (word << 2) - shift)
  while (at < end && isPlain(chunk[at] ?? 0)) at++
  return at
}

function isPlain(byte: number): boolean {
  return byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH
}
