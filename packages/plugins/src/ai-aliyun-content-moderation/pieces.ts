// Long texts are checked in pieces.

/**
 * A text of more than `limit` bytes is cut every `limit` characters, as APISIX does it: the limit decides in bytes
 * whether to cut, and in characters where.
 */
export function* piecesOf(text: string, limit: number): Generator<string> {
  if (Buffer.byteLength(text) <= limit) {
    yield text
    return
  }
  let piece = ''
  let length = 0
  for (const character of text) {
    piece += character
    if (++length < limit) continue
    yield piece
    piece = ''
    length = 0
  }
  if (piece !== '') yield piece
}
