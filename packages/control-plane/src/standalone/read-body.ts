// The body of a request that brings a whole configuration, in JSON or YAML (contract: admin-api.md §7).
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { runInThread } from '@weir/config-store/thread'
import { readAnyYaml } from '@weir/config-store/yaml'
import { isJsonObject, type JsonObject, type Parsed } from '@weir/contract'
import { badValue, parseJson, readBytes } from '../http/body.ts'
import { refuseEarly, type Reply } from '../http/reply.ts'
import { parseObjectInTurns } from './json-in-turns.ts'

export const yamlType = 'application/yaml'

/** A reply to a request whose body may not have been read to its end. */
export interface ReadingReply extends Reply<string> {
  /** Bytes of the request are still to come. */
  readonly unread?: boolean
}

type Read = { readonly value: JsonObject } | { readonly refusal: ReadingReply }

/** What is no object is an empty configuration, as in APISIX, unless it is a scalar in YAML. */
export async function readConfiguration(request: IncomingMessage, bytesMax: number): Promise<Read> {
  const read = await readBytes(request, bytesMax)
  if (!read.ok) return { refusal: { ...read.reply, unread: read.unread } }
  if (read.bytes.length === 0) return refusal('empty request body')
  if ((request.headers['content-type'] ?? '').startsWith(yamlType)) return fromYaml(read.bytes.toString())
  const parsed = await parseAnyJson(read.bytes)
  return parsed.ok ? asObject(parsed.value) : refusal(parsed.error)
}

async function fromYaml(text: string): Promise<Read> {
  const yaml = await readAnyYaml(text)
  if (!yaml.ok) return refusal(yaml.empty ? 'invalid yaml request body' : yaml.error)
  const isScalar = 'json' in yaml ? !/^[{[n]/.test(yaml.json) : typeof yaml.value !== 'object'
  if (isScalar) return refusal('invalid yaml request body')
  if ('json' in yaml) {
    const parsed = await parseAnyJson(Buffer.from(yaml.json))
    return parsed.ok ? asObject(parsed.value) : refusal(parsed.error)
  }
  const complaint = badValue(yaml.value)
  return complaint === undefined ? asObject(yaml.value) : refusal(complaint)
}

/** Bytes that are parsed in a few milliseconds. */
const LONG = 131_072

/** What a long text holds that is no object in JSON: the reason, or that it is JSON all the same. */
export type Judged =
  | Extract<Parsed<unknown>, { readonly ok: false }>
  | { readonly ok: true; readonly isObject: boolean }

/** The value of a long text is an object, empty where it is something else. */
async function parseAnyJson(bytes: Buffer): Promise<Parsed<unknown>> {
  if (bytes.length <= LONG) return parseJson(bytes)
  const object = isUtf8(bytes) ? await parseObjectInTurns(bytes.toString()) : undefined
  if (object !== undefined) return { ok: true, value: object }
  const judged = await runInThread<Judged>(new URL('./complaint-thread.ts', import.meta.url), bytes)
  if (!judged.ok) return judged
  return judged.isObject ? parseJson(bytes) : { ok: true, value: {} }
}

function asObject(value: unknown): Read {
  return { value: isJsonObject(value) ? value : {} }
}

function refusal(why: string): Read {
  return { refusal: refuseEarly(400, `invalid request body: ${why}`) }
}
