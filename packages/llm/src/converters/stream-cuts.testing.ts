// For tests: a stream's bytes through a conversion, cut at any places.
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { SseEvent } from '../protocols/protocol.ts'
import { encodeSseEvent } from '../transport/sse-event.ts'
import { SseSplitter } from '../transport/sse-splitter.ts'
import type { ReplyConversion } from './conversion.ts'
import { StreamConverter } from './stream-converter.ts'

/** Events as [type, data]; data is JSON, parsed where it is. */
export type PlainEvent = readonly [type: string, data: unknown]

export function streamBytes(events: readonly PlainEvent[]): Buffer {
  return Buffer.from(
    events
      .map(([type, data]) =>
        encodeSseEvent({ type, data: typeof data === 'string' ? data : JSON.stringify(data) }),
      )
      .join(''),
  )
}

export function convertStream(
  reply: ReplyConversion,
  chunks: readonly Buffer[],
  framed = false,
): PlainEvent[] {
  const converter = new StreamConverter(reply.stream(), framed)
  const out = Buffer.concat([...chunks.map((chunk) => converter.push(chunk)), converter.end()])
  return new SseSplitter().push(out).map(plain)
}

function plain({ type, data }: SseEvent): PlainEvent {
  return [type, data.startsWith('{') ? JSON.parse(data, withoutTimes) : data]
}

/** Times at which something was made differ between runs. */
function withoutTimes(key: string, value: unknown): unknown {
  return key === 'created' || key === 'created_at' ? 0 : value
}

/** A stream cut at any byte converts the same. */
export function expectCutsNotToMatter(reply: ReplyConversion, bytes: Buffer, framed = false): void {
  const whole = convertStream(reply, [bytes], framed)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }), (cuts) => {
      const places = [0, ...cuts, bytes.length].toSorted((a, b) => a - b)
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
      expect(convertStream(reply, chunks, framed)).toEqual(whole)
    }),
    { numRuns: 50 },
  )
}
