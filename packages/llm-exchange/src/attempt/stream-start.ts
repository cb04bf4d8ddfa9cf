// The first bytes of a stream: is there anything in them?
const COLON = 0x3a
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const terminator = 'data: [DONE]'

/** Whether all lines are comments, which server-sent events allow anywhere, or empty. */
export function isComment(chunk: Buffer): boolean {
  for (let at = 0; at < chunk.length;) {
    const byte = chunk[at]
    if (byte !== COLON && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return false
    const end = chunk.indexOf(LINE_FEED, at)
    if (end < 0) return true
    at = end + 1
  }
  return true
}

/** Of a stream of OpenAI's chat that begins with its end. */
export function isOnlyTerminator(chunk: Buffer): boolean {
  return chunk.toString('latin1', 0, terminator.length) === terminator
}
