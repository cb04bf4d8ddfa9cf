// Bodies as upstreams packed them, for plugins that look into them.
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

/** What was packed; undefined for what cannot be unpacked, or is more than `bytesMax`. */
export function unpack(body: Buffer, encoding: string | undefined, bytesMax: number): Buffer | undefined {
  try {
    switch (encoding?.toLowerCase()) {
      case undefined:
      case '':
      case 'identity':
        return body.subarray(0, bytesMax)
      case 'gzip':
        return gunzipSync(body, { maxOutputLength: bytesMax })
      case 'br':
        return brotliDecompressSync(body, { maxOutputLength: bytesMax })
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
