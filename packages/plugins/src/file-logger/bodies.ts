// What a logger keeps of a response for its line.
import { unpack } from '../body-encoding/unpack.ts'
import { headerOf } from '../header-list/header-list.ts'
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

/** Unpacked, where that is possible: of a packed body that is longer than `bytesMax` only the beginning is there. */
export function bodyText(
  { response: { body, headers }, chunks }: Seen,
  bytesMax: number,
): string | undefined {
  const bytes =
    body === undefined || isByteStream(body)
      ? Buffer.concat(chunks)
      : typeof body === 'string'
        ? Buffer.from(body)
        : body
  const kept = bytes.subarray(0, bytesMax)
  return text(unpack(kept, headerOf(headers, 'content-encoding'), unpackedBytesMax) ?? kept, bytesMax)
}

/** As much as a kept body may become. */
const unpackedBytesMax = 16_777_216

export function text(body: Buffer | undefined, bytesMax: number): string | undefined {
  return body?.toString('utf8', 0, Math.min(body.length, bytesMax))
}
