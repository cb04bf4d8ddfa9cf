import type { IncomingMessage } from 'node:http'

const bodyBytesMax = 128 * 1024 * 1024

/** The whole body of a request; rejects when the client leaves or sends more than 128 MiB. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size > bodyBytesMax) reject(new Error(`body of more than ${bodyBytesMax} bytes`))
      else parts.push(part)
    })
    request.on('end', () => resolve(Buffer.concat(parts)))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the client left')))
  })
}
