// The first bytes of a stream: is there anything in them?
const COLON = 0x3a
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const terminator = 'data: [DONE]'

/** Whether all lines are comments, which server-sent events allow anywhere, or empty. */
export function isComment(chunk: Buffer): boolean {
  return firstField(chunk) === chunk.length
}

/** Of a stream of OpenAI's chat that begins with its end, but for comments. */
export function isOnlyTerminator(chunk: Buffer): boolean {
  const start = firstField(chunk)
  return chunk.toString('latin1', start, start + terminator.length) === terminator
}

/** Where the first line begins that is neither a comment nor empty. */
function firstField(chunk: Buffer): number {
  let at = 0
  while (at < chunk.length) {
    const byte = chunk[at]
    if (byte !== COLON && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return at
    const end = chunk.indexOf(LINE_FEED, at)
    if (end < 0) return chunk.length
    at = end + 1
  }
  return at
}
