// The JSON of a request before there is an exchange with an LLM: parsed once for all plugins that look at it, and, where
// it is long, scanned and not parsed.
import { GatewayError, isJsonObject } from '@weir/contract'
import { JsonCollector, type JsonObject, type LongJson, wholeJsonBytesMax } from '@weir/llm'
import type { RequestContext } from './context.ts'
import type { Awaitable } from './plugin.ts'
import { defineStateKey } from './state.ts'

export interface WholeJson {
  readonly kind: 'whole'
  readonly raw: Buffer
  /** Any JSON value. */
  readonly value: unknown
}

export interface ScannedJson {
  readonly kind: 'long'
  /** Well formed. */
  readonly raw: LongJson
  /** Its outline (`LongJson.outline`). */
  readonly value: unknown
}

export interface UnreadableBody {
  readonly kind: 'empty' | 'too_large' | 'not_json'
  /** Why, in the words of contract/ai-plugins.md §2. */
  readonly reason: string
  /** What the parser says of what is not JSON. */
  readonly complaint?: string
}

export type JsonBody = WholeJson | ScannedJson

/** The body as the last plugin that read or replaced it knows it. */
const knownBody = defineStateKey<JsonBody>('json-body')

/** `maxBytes` bounds its size. Rejects when the client left. */
export function readJsonBody(ctx: RequestContext, maxBytes: number): Awaitable<JsonBody | UnreadableBody> {
  const known = ctx.state.get(knownBody)
  if (known) return known.raw.length > maxBytes ? tooLarge(known.raw.length, maxBytes) : known
  // One of a length not announced may be long.
  if (!(Number(ctx.request.header('content-length')) <= wholeJsonBytesMax)) return readInPieces(ctx, maxBytes)
  const bytes = ctx.request.readBody(maxBytes)
  return bytes instanceof Promise
    ? bytes.then((read) => parseWhole(ctx, read, maxBytes))
    : parseWhole(ctx, bytes, maxBytes)
}

/** The body, if somebody before has read or replaced it as JSON. */
export function knownJsonBody(ctx: RequestContext): JsonBody | undefined {
  return ctx.state.get(knownBody)
}

/** An object to be written as JSON, JSON in pieces, or any text at all. */
export function replaceJsonBody(ctx: RequestContext, body: JsonObject | readonly Buffer[] | string): void {
  if (isPieces(body)) ctx.request.replaceBody(body)
  else {
    const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    ctx.request.replaceBody(raw)
    if (typeof body !== 'string' && raw.length <= wholeJsonBytesMax) {
      ctx.state.set(knownBody, { kind: 'whole', raw, value: body })
      return
    }
  }
  ctx.state.set<JsonBody | undefined>(knownBody, undefined)
}

/** The longest member of a long body that is parsed at once, in bytes. */
const parsedBytesMax = 262_144

/**
 * A member of the body's object, whole, but for a long string, which `longText` stands for. Throws GatewayError when it is
 * too long to be parsed at once.
 */
export function memberOf({ kind, raw, value }: JsonBody, key: string): unknown {
  if (!isJsonObject(value)) return undefined
  const found = Object.hasOwn(value, key) ? value[key] : undefined
  if (kind === 'whole' || typeof found !== 'object' || found === null) return found
  const place = raw.members.findLast((member) => member.key === key)
  if (!place) return undefined
  if (place.end - place.start <= parsedBytesMax) return raw.parseMember(place)
  throw new GatewayError('body_too_large', `the member "${key}" of the body is too large to be read`)
}

async function readInPieces(ctx: RequestContext, maxBytes: number): Promise<JsonBody | UnreadableBody> {
  const json = new JsonCollector()
  const size = await ctx.request.readPieces(maxBytes, json)
  if (size > maxBytes) return tooLarge(size, maxBytes)
  const { long } = json
  if (!long) return parseWhole(ctx, json.bytes(), maxBytes)
  const complaint = long.complaint()
  if (complaint !== '') return notJson(complaint)
  return keep(ctx, { kind: 'long', raw: long, value: long.outline })
}

function parseWhole(ctx: RequestContext, raw: Buffer | number, maxBytes: number): JsonBody | UnreadableBody {
  if (typeof raw === 'number') return tooLarge(raw, maxBytes)
  if (raw.length === 0) return { kind: 'empty', reason: 'could not get body: request body is empty' }
  try {
    return keep(ctx, { kind: 'whole', raw, value: JSON.parse(raw.toString()) as unknown })
  } catch (error) {
    return notJson(error instanceof Error ? error.message : 'invalid')
  }
}

function keep(ctx: RequestContext, body: JsonBody): JsonBody {
  ctx.state.set(knownBody, body)
  return body
}

function tooLarge(size: number, max: number): UnreadableBody {
  const reason = `could not get body: request size ${size} is greater than the maximum size ${max} allowed`
  return { kind: 'too_large', reason }
}

function notJson(complaint: string): UnreadableBody {
  return { kind: 'not_json', reason: `could not parse JSON request body: ${complaint}`, complaint }
}

function isPieces(body: JsonObject | readonly Buffer[] | string): body is readonly Buffer[] {
  return Array.isArray(body)
}
