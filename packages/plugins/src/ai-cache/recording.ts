// Keeps a copy of what the client gets, to be stored once it is known to be complete.
import { isUtf8 } from 'node:buffer'
import { type ClientProtocol, parseSseEvent, type SseEvent, SseSplitter, wholeJsonBytesMax } from '@weir/llm'
import { type GatewayResponse, isByteStream, type Stage, type StageOutput } from '@weir/plugin-api'
import { isJsonObject } from '@weir/contract'
import { headerOf } from '../header-list/header-list.ts'
import type { EntryFormat } from './entry.ts'
import type { HeldBytes } from './held-bytes.ts'

export interface Recorded {
  readonly body: string
  readonly format: EntryFormat
}

/** Of one response. `release` is called when nobody needs it any more. */
export interface Recording {
  /** Undefined when it is not complete, or nothing that could be sent again. */
  recorded(protocol: ClientProtocol): Recorded | undefined
  release(): void
}

/** A complete answer; undefined when it is none that is worth keeping. Nothing is copied. */
export function recordAnswer(response: GatewayResponse, bytesMax: number): Recording | undefined {
  const { answer, body, headers } = response
  if (!answer || !isJson(headerOf(headers, 'content-type'))) return undefined
  return {
    recorded() {
      // A long one is sent in pieces, and how long it is stands in its header.
      if (isByteStream(body) && Number(headerOf(headers, 'content-length')) > bytesMax) return undefined
      const bytes = Buffer.isBuffer(body) ? body : answer.bytes
      if (bytes.length > bytesMax || !isUtf8(bytes)) return undefined
      const text = bytes.toString()
      return isAnswer(text) ? { body: text, format: 'json' } : undefined
    },
    release() {},
  }
}

/** A stream, copied as it passes. */
export class StreamRecording implements Stage, Recording {
  readonly #bytesMax: number
  readonly #memory: HeldBytes
  #chunks: Buffer[] = []
  #bytes = 0
  #isGivenUp = false
  #hasEnded = false

  constructor(bytesMax: number, memory: HeldBytes) {
    this.#bytesMax = bytesMax
    this.#memory = memory
  }

  onChunk(bytes: Buffer, out: StageOutput): void {
    if (!this.#isGivenUp) this.#keep(bytes)
    out.push(bytes)
  }

  onEnd(): void {
    this.#hasEnded = true
  }

  recorded(protocol: ClientProtocol): Recorded | undefined {
    if (this.#isGivenUp || !this.#hasEnded) return undefined
    const bytes = Buffer.concat(this.#chunks, this.#bytes)
    if (!isUtf8(bytes)) return undefined
    const text = bytes.toString('latin1')
    const isKept = endsWell(bytes, text, protocol) && !tellsError(bytes, text)
    return isKept ? { body: bytes.toString(), format: 'sse' } : undefined
  }

  release(): void {
    this.#memory.giveBack(this.#bytes)
    this.#isGivenUp = true
    this.#chunks = []
    this.#bytes = 0
  }

  #keep(bytes: Buffer): void {
    if (this.#bytes + bytes.length > this.#bytesMax || !this.#memory.take(bytes.length)) {
      this.release()
      return
    }
    // A chunk may be a small part of a large buffer that would be kept with it.
    this.#chunks.push(Buffer.from(bytes))
    this.#bytes += bytes.length
  }
}

/** Whether the last event, whole, is the one that ends an answer of this protocol. Comments may follow it. */
function endsWell(bytes: Buffer, text: string, protocol: ClientProtocol): boolean {
  let start = text.length
  let block: string
  do {
    let end = start
    while (text[end - 1] === '\n' || text[end - 1] === '\r') end--
    if (end === 0 || !/^\r?\n\r?\n/.test(text.slice(end, end + 4))) return false
    start = eventStart(text, end)
    block = text.slice(start, end)
  } while (block.split('\n').every((line) => line.startsWith(':')))
  return protocol.readEvent(parseSseEvent(bytes.subarray(start, start + block.length))).done === true
}

/** Where the event that goes to `end` begins: behind the last blank line before it. */
function eventStart(text: string, end: number): number {
  let at = text.lastIndexOf('\n', end - 1)
  while (at >= 0) {
    let before = at - 1
    while (text[before] === '\r') before--
    if (before < 0 || text[before] === '\n') return at + 1
    at = text.lastIndexOf('\n', at - 1)
  }
  return 0
}

/** Whether some event is an error: some services let an ordinary end follow it. */
function tellsError(bytes: Buffer, text: string): boolean {
  return /error|failed/.test(text) && new SseSplitter().push(bytes).some(isError)
}

function isError({ type, data }: SseEvent): boolean {
  return type === 'error' || type === 'response.failed' || (data.includes('"error"') && !isAnswer(data))
}

/** JSON that is no error. Of a long one only the edges are looked at. */
function isAnswer(text: string): boolean {
  if (text.length > wholeJsonBytesMax) return /^\s*[{[]/.test(text) && /[}\]]\s*$/.test(text)
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? (value['error'] ?? null) === null : Array.isArray(value)
  } catch {
    return false
  }
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/json\b/i.test(contentType)
}
