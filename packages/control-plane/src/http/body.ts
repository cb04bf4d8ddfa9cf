// Reads a request's body, bounded, and turns it into JSON that the rest of the code can walk without care.
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { parseJsonText, type Parsed } from '@weir/contract'
import { refuseEarly, type Reply } from './reply.ts'

/** Deeper documents are refused, as APISIX's parser refuses them; recursion over what is left is safe. */
const DEPTH_MAX = 1_000

export type ReadBody =
  | { readonly ok: true; readonly value: unknown }
  /** `unread`: bytes of the request are still to come, so the connection cannot be used again. */
  | { readonly ok: false; readonly reply: Reply<string>; readonly unread: boolean }

export type ReadBytes =
  | { readonly ok: true; readonly bytes: Buffer }
  | Extract<ReadBody, { readonly ok: false }>

/**
 * The JSON value of the body; `undefined` when there is none.
 * @param bytesMax largest body, in bytes; a larger one is refused without reading the rest of it.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<ReadBody> {
  const read = await readBytes(request, bytesMax)
  if (!read.ok) return read
  if (read.bytes.length === 0) return { ok: true, value: undefined }
  const parsed = parseJson(read.bytes)
  return parsed.ok ? parsed : malformed(parsed.error, read.bytes.toString())
}

/** The body as it was sent, of at most `bytesMax` bytes. */
export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<ReadBytes> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) return tooLarge(announced, bytesMax)
  const chunks: Buffer[] = []
  let size = 0
  try {
    // Destroying the request would take the connection with it, and with it the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > bytesMax) return tooLarge(size, bytesMax)
      chunks.push(chunk)
    }
  } catch {
    return { ok: false, reply: refuseEarly(400, 'invalid request body: it broke off'), unread: true }
  }
  return { ok: true, bytes: Buffer.concat(chunks) }
}

function tooLarge(size: number, bytesMax: number): ReadBytes {
  const why = `request size ${size} is greater than the maximum size ${bytesMax} allowed`
  return { ok: false, reply: refuseEarly(400, `invalid request body: ${why}`), unread: true }
}

/** JSON of UTF-8 text that can be stored and walked without care; else the reason. */
export function parseJson(bytes: Buffer): Parsed<unknown> {
  if (!isUtf8(bytes)) return { ok: false, error: 'the text is not UTF-8' }
  let value: unknown
  try {
    value = parseJsonText(bytes.toString())
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  }
  const error = badValue(value)
  return error === undefined ? { ok: true, value } : { ok: false, error }
}

function malformed(why: string, text: string): ReadBody {
  const reply = refuseEarly(400, `invalid request body: ${why}`, { req_body: text })
  return { ok: false, reply, unread: false }
}

/** What JSON.parse lets through but a store could not give back. The recursion ends at the depth that is refused. */
export function badValue(value: unknown, depth = 0): string | undefined {
  if (depth > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX} levels`
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number is out of range'
  if (typeof value === 'string') return value.isWellFormed() ? undefined : halfPair
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    for (const item of value) {
      const complaint = badValue(item, depth + 1)
      if (complaint !== undefined) return complaint
    }
    return undefined
  }
  for (const [name, member] of Object.entries(value)) {
    // Names of members are texts as well.
    const complaint = name.isWellFormed() ? badValue(member, depth + 1) : halfPair
    if (complaint !== undefined) return complaint
  }
  return undefined
}

const halfPair = 'half a surrogate pair is not text'
