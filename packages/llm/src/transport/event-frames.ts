// Amazon's event streams: binary frames with checksums (contract/ai-plugins.md §6.6).
import { crc32 } from 'node:zlib'
import type { SseEvent } from '../protocols/protocol.ts'

/** A longer frame is taken for nonsense. */
const frameBytesMax = 16 * 1024 * 1024

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
/** Bytes of a header's value by its type; types 6 and 7 say their length themselves. */
const valueBytes: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16]
const STRING = 7
const BYTES = 6

/** What an event is called that tells of a failure, with the failure's own name behind it. */
const exceptionPrefix = 'exception:'

export function isExceptionEvent(type: string): boolean {
  return type.startsWith(exceptionPrefix)
}

/**
 * Feed it the chunks of one stream in order; it returns the frames that they complete, as events. After a frame that
 * is damaged or overlong nothing can be told apart any more: it returns nothing from then on.
 */
export class FrameSplitter {
  #carry: Buffer = Buffer.alloc(0)
  /** Pieces of a frame under way, joined when it is whole. */
  #pieces: Buffer[] = []
  #bytes = 0
  #wanted = PRELUDE_BYTES
  isBroken = false

  /** Whether the last chunk ended with the end of a frame. */
  get betweenEvents(): boolean {
    return !this.isBroken && this.#bytes === 0
  }

  push(chunk: Buffer): readonly SseEvent[] {
    if (this.isBroken) return []
    this.#pieces.push(chunk)
    this.#bytes += chunk.length
    const events: SseEvent[] = []
    while (this.#bytes >= this.#wanted && !this.isBroken) this.#read(events)
    return events
  }

  #read(events: SseEvent[]): void {
    this.#carry = this.#pieces.length === 1 ? (this.#pieces[0] ?? this.#carry) : Buffer.concat(this.#pieces)
    this.#pieces = [this.#carry]
    const length = this.#carry.readUInt32BE(0)
    if (this.#wanted === PRELUDE_BYTES) {
      this.isBroken =
        length < PRELUDE_BYTES + CHECKSUM_BYTES ||
        length > frameBytesMax ||
        crc32(this.#carry.subarray(0, 8)) !== this.#carry.readUInt32BE(8)
      this.#wanted = length
      return
    }
    const event = readFrame(this.#carry.subarray(0, length))
    if (event) events.push(event)
    else this.isBroken = true
    const rest = this.#carry.subarray(length)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    this.#wanted = PRELUDE_BYTES
  }
}

/** Undefined when it is damaged. */
function readFrame(frame: Buffer): SseEvent | undefined {
  const end = frame.length - CHECKSUM_BYTES
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) return undefined
  const headersEnd = PRELUDE_BYTES + frame.readUInt32BE(4)
  if (headersEnd > end) return undefined
  const headers = readHeaders(frame.subarray(PRELUDE_BYTES, headersEnd))
  if (!headers) return undefined
  const kind = headers.get(':message-type')
  const type =
    kind === 'exception' || kind === 'error'
      ? exceptionPrefix + (headers.get(':exception-type') ?? headers.get(':error-code') ?? 'unknown')
      : (headers.get(':event-type') ?? '')
  return { type, data: frame.toString('utf8', headersEnd, end), bytes: frame }
}

/** The headers whose value is a string. */
function readHeaders(bytes: Buffer): Map<string, string> | undefined {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    const type = bytes[nameEnd]
    if (type === undefined || type >= valueBytes.length) return undefined
    let start = nameEnd + 1
    let length = valueBytes[type]
    if (length === undefined) {
      if (start + 2 > bytes.length) return undefined
      length = bytes.readUInt16BE(start)
      start += 2
    }
    if (start + length > bytes.length) return undefined
    if (type === STRING || type === BYTES)
      headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', start, start + length))
    at = start + length
  }
  return headers
}

/** A frame whose headers are strings. */
export function encodeFrame(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)))
  const body = Buffer.from(payload)
  const end = PRELUDE_BYTES + head.length + body.length
  const frame = Buffer.alloc(end + CHECKSUM_BYTES)
  frame.writeUInt32BE(frame.length, 0)
  frame.writeUInt32BE(head.length, 4)
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8)
  head.copy(frame, PRELUDE_BYTES)
  body.copy(frame, PRELUDE_BYTES + head.length)
  frame.writeUInt32BE(crc32(frame.subarray(0, end)), end)
  return frame
}

function encodeHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name)
  const valueOf = Buffer.from(value)
  const prefix = Buffer.from([STRING, valueOf.length >> 8, valueOf.length & 0xff])
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, prefix, valueOf])
}
