// Keys of accounts as 64 bits. HalfSipHash-2-4 (Aumasson and Bernstein) with a random key per process: rule keys
// hold text that clients choose, and nobody may choose a text that lands on somebody else's account.
//
// Two of n keys share a hash with a probability of n² / 2⁶⁵: 10⁻¹⁰ for the 65,536 accounts of a full table.

/** 64 bits as two signed 32-bit numbers. */
export interface KeyHash {
  readonly low: number
  readonly high: number
}

/** Hashes the UTF-16 code units of `text`, two to a word. */
export function hashKey(text: string, key0: number, key1: number): KeyHash {
  let v0 = key0
  let v1 = key1 ^ 0xee
  let v2 = key0 ^ 0x6c796765
  let v3 = key1 ^ 0x74656462

  const compress = (): void => {
    v0 = (v0 + v1) | 0
    v1 = rotate(v1, 5) ^ v0
    v0 = rotate(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotate(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotate(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotate(v1, 13) ^ v2
    v2 = rotate(v2, 16)
  }
  const absorb = (word: number): void => {
    v3 ^= word
    compress()
    compress()
    v0 ^= word
  }

  const even = text.length & ~1
  for (let i = 0; i < even; i += 2) absorb(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  // The last word holds the length and what is left over, so that texts of different lengths never agree.
  absorb(((text.length * 2) << 24) | (text.length & 1 ? text.charCodeAt(even) : 0))

  v2 ^= 0xee
  for (let round = 0; round < 4; round++) compress()
  const low = v1 ^ v3
  v1 ^= 0xdd
  for (let round = 0; round < 4; round++) compress()
  return { low, high: v1 ^ v3 }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
