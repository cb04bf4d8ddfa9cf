// What a logger keeps of a response for its line.
import { defineStateKey, type GatewayResponse, isByteStream, type Stage } from '@weir/plugin-api'

/** The response as it leaves, and of a streamed body what was seen. */
export interface Seen {
  readonly response: GatewayResponse
  readonly chunks: Buffer[]
  bytes: number
}
export const seen = defineStateKey<Seen>('file-logger')

/** Keeps a copy of what passes, up to a bound. */
export function collector(into: Seen, bytesMax: number): Stage {
  return {
    onChunk(bytes, out) {
      const room = bytesMax - into.bytes
      if (room > 0) into.chunks.push(bytes.subarray(0, room))
      into.bytes += Math.min(bytes.length, Math.max(room, 0))
      out.push(bytes)
    },
  }
}

export function bodyText({ response: { body }, chunks }: Seen, bytesMax: number): string | undefined {
  if (body === undefined || isByteStream(body)) return text(Buffer.concat(chunks), bytesMax)
  return text(typeof body === 'string' ? Buffer.from(body) : body, bytesMax)
}

export function text(body: Buffer | undefined, bytesMax: number): string | undefined {
  return body?.toString('utf8', 0, Math.min(body.length, bytesMax))
}
