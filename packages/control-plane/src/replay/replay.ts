// Replays what a real APISIX answered, call by call, and compares. Ids that come from revisions are another store's, so
// they are mapped; indexes and times are compared by their form.
import { isJsonObject } from '@weir/contract'
import { rawRequest, type RawResponse } from '@weir/testkit'
import { adminKey, viewerKey } from '../testing/test-plane.ts'

/** One line of recorded.jsonl. */
export interface RecordedCall {
  readonly name: string
  readonly method: string
  readonly path: string
  /** Whose key was shown in the header. */
  readonly key?: 'admin' | 'viewer'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly status: number
  readonly contentType: string
  readonly apiVersion?: string
  /** The body without its line end. Absent: empty, or a page of HTML. */
  readonly answer?: string | undefined
  /** The beginning of a body too long to be kept. */
  readonly cut?: string
}

const keys = { admin: adminKey, viewer: viewerKey } as const

export class Replay {
  readonly #port: number
  /** Recorded id to the one that was given here. */
  readonly #ids = new Map<string, string>()

  constructor(port: number) {
    this.#port = port
  }

  send(call: RecordedCall): Promise<RawResponse> {
    const headers = Object.entries(call.headers ?? {}).map(([name, value]) => [name, withKeys(value)])
    return rawRequest({
      port: this.#port,
      method: call.method,
      path: this.#withIds(withKeys(call.path)),
      headers: Object.fromEntries(
        call.key === undefined ? headers : [...headers, ['X-API-KEY', keys[call.key]]],
      ),
      ...(call.body === undefined ? {} : { body: call.body }),
    })
  }

  /** What was recorded and what came, in comparable forms. Learns ids on the way. */
  compare(
    call: RecordedCall,
    response: RawResponse,
  ): { readonly expected: unknown; readonly actual: unknown } {
    if (call.method === 'POST' && response.status === 201) this.#learnId(call, response)
    const { text } = response
    return {
      expected: {
        status: call.status,
        contentType: call.contentType,
        apiVersion: call.apiVersion,
        body: this.#recordedBody(call),
      },
      actual: {
        status: response.status,
        contentType: response.header('content-type'),
        apiVersion: response.header('x-api-version'),
        body: call.cut === undefined ? seen(call, text) : outline(text),
      },
    }
  }

  #recordedBody(call: RecordedCall): unknown {
    if (call.cut !== undefined) return outline(this.#withIds(call.cut))
    return call.answer === undefined ? form(call) : normalize(this.#withIds(call.answer))
  }

  #learnId(call: RecordedCall, response: RawResponse): void {
    const recorded = idOf(call.answer ?? '')
    const given = idOf(response.text)
    if (recorded !== undefined && given !== undefined) this.#ids.set(recorded, given)
  }

  #withIds(text: string): string {
    let mapped = text
    for (const [recorded, given] of this.#ids) mapped = mapped.replaceAll(recorded, given)
    return mapped
  }
}

function withKeys(text: string): string {
  return text.replaceAll('{admin}', adminKey).replaceAll('{viewer}', viewerKey)
}

/** Pages of HTML are compared by their title, other bodies as JSON or text. */
function seen(call: RecordedCall, text: string): unknown {
  if (call.contentType.startsWith('text/html')) return /<title>(\d+)/.exec(text)?.[1]
  return text === '' ? '' : normalize(text.replace(/\n$/, ''))
}

function form(call: RecordedCall): string {
  return call.contentType.startsWith('text/html') ? String(call.status) : ''
}

/** Of a long list its size and the keys that are to be seen; of anything else only that it is JSON. */
function outline(text: string): unknown {
  const total = /"total":(\d+)/.exec(text)?.[1]
  if (total === undefined) return 'an object'
  const found = [...text.matchAll(/"key":"([^"]+)"/g)].map(([, key]) => key)
  return { total, first: found.slice(0, KEYS_COMPARED) }
}

const KEYS_COMPARED = 6

function normalize(text: string): unknown {
  try {
    return withoutRevisions(JSON.parse(text))
  } catch {
    return text
  }
}

const times = new Set(['create_time', 'update_time'])
const indexes = new Set(['createdIndex', 'modifiedIndex'])

function withoutRevisions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRevisions)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (times.has(name) && Number.isInteger(member)) return [name, 'a time']
      if (indexes.has(name) && Number.isInteger(member)) return [name, 'an index']
      // The parser's words are the parser's own; what it could not read comes back with them.
      if (name === 'error_msg' && 'req_body' in value) return [name, String(member).split(': ')[0]]
      return [name, withoutRevisions(member)]
    }),
  )
}

function idOf(text: string): string | undefined {
  const parsed: unknown = JSON.parse(text)
  const value = isJsonObject(parsed) ? parsed['value'] : undefined
  return isJsonObject(value) && typeof value['id'] === 'string' ? value['id'] : undefined
}
