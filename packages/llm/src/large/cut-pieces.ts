// Bytes that lie in several buffers, one after the other.

/** Those from `start` to `end`, not copied. */
export function cutPieces(pieces: readonly Buffer[], start: number, end: number): Buffer[] {
  const cut: Buffer[] = []
  let offset = 0
  for (const piece of pieces) {
    if (offset >= end) break
    const next = offset + piece.length
    if (next > start && piece.length > 0) {
      cut.push(piece.subarray(Math.max(0, start - offset), Math.min(piece.length, end - offset)))
    }
    offset = next
  }
  return cut
}

export function totalBytes(pieces: readonly Buffer[]): number {
  let sum = 0
  for (const piece of pieces) sum += piece.length
  return sum
}
