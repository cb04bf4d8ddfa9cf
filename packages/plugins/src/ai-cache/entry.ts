// One cached answer, as it stands in Redis.
import { isJsonObject } from '@weir/contract'
import type { Reply } from '@weir/plugin-api'

export type EntryFormat = 'json' | 'sse'

export interface Entry {
  /** What the client got. */
  readonly body: string
  /** Seconds since the epoch. */
  readonly created_at: number
  readonly format: EntryFormat
}

export function encodeEntry({ body, created_at, format }: Entry): string {
  return JSON.stringify({ body, created_at, format })
}

/** Undefined when it is none. APISIX's first entries had no format. */
export function decodeEntry(text: unknown): Entry | undefined {
  if (typeof text !== 'string') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isJsonObject(value) ? toEntry(value['body'], value['created_at'], value['format']) : undefined
}

export function toEntry(body: unknown, createdAt: unknown, format: unknown): Entry | undefined {
  if (typeof body !== 'string' || body === '') return undefined
  return {
    body,
    created_at: Number(createdAt) || 0,
    format: format === 'sse' ? 'sse' : 'json',
  }
}

/** `similarity` of a hit by meaning; `withHeaders` tells the client where its answer comes from. */
export function replyOf(entry: Entry, nowMs: number, withHeaders: boolean, similarity?: number): Reply {
  const contentType = entry.format === 'sse' ? 'text/event-stream' : 'application/json'
  if (!withHeaders) return { status: 200, headers: { 'Content-Type': contentType }, body: entry.body }
  const headers: Record<string, string> = {
    'Content-Type': contentType,
    'X-AI-Cache-Age': String(Math.max(0, Math.floor(nowMs / 1000) - entry.created_at)),
  }
  if (similarity !== undefined) headers['X-AI-Cache-Similarity'] = similarity.toFixed(4)
  return { status: 200, headers, body: entry.body }
}
