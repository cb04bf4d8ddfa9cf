// Texts as Comprehend takes them: segments of a bounded size, so many of them in one call.

const callSegmentsMax = 10
const callBytesMax = 10_000

/** The segments of a text, call by call. None is longer than `limit` bytes, and no character is cut. */
export function* callsFor(text: string, limit: number): Generator<readonly string[]> {
  let segments: string[] = []
  let bytes = 0
  for (const segment of segmentsOf(text, limit)) {
    const length = Buffer.byteLength(segment)
    if (segments.length === callSegmentsMax || bytes + length > callBytesMax) {
      yield segments
      segments = []
      bytes = 0
    }
    segments.push(segment)
    bytes += length
  }
  if (segments.length > 0) yield segments
}

/** `limit` is at least 4, the bytes of the longest character. */
function* segmentsOf(text: string, limit: number): Generator<string> {
  const bytes = Buffer.from(text)
  let start = 0
  while (start < bytes.length) {
    let end = Math.min(start + limit, bytes.length)
    // Bytes that continue a character begin with 10.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
    yield bytes.toString('utf8', start, end)
    start = end
  }
}
