// Replays what a real APISIX answered, call by call, and compares. Ids that come from revisions are another store's, so
// they are mapped; indexes and times are compared by their form.
import { isJsonObject } from '@weir/contract'
import { rawRequest, until, type RawResponse } from '@weir/testkit'
import { adminKey, viewerKey } from '../testing/test-plane.ts'
import { closeCut, cutLike } from './cut.ts'

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
  /** The beginning of a body too long to be kept; as much of the answer is compared. */
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

  async send(call: RecordedCall): Promise<RawResponse> {
    if (call.name === 'route.get_after_ttl_expired') await this.#expire(call.path)
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
    const body = this.#recordedBody(call)
    return {
      expected: {
        status: call.status,
        contentType: call.contentType,
        apiVersion: call.apiVersion,
        body,
      },
      actual: {
        status: response.status,
        contentType: response.header('content-type'),
        apiVersion: response.header('x-api-version'),
        body: call.cut === undefined ? seen(call, response.text) : cutLike(body, seen(call, response.text)),
      },
    }
  }

  /** The recording took its time; here the time that was given is cut short. */
  async #expire(path: string): Promise<void> {
    const body = '{"uri":"/ttl","upstream":{"nodes":{"127.0.0.1:19101":1}}}'
    await this.#request('PUT', `${path}?ttl=1`, body)
    await until(async () => (await this.#request('GET', path)).status === 404)
  }

  #request(method: string, path: string, body?: string): Promise<RawResponse> {
    const headers = { 'X-API-KEY': adminKey }
    return rawRequest({ port: this.#port, method, path, headers, ...(body === undefined ? {} : { body }) })
  }

  #recordedBody(call: RecordedCall): unknown {
    if (call.cut !== undefined) return normalize(closeCut(this.#withIds(call.cut)))
    return call.answer === undefined ? form(call) : parsed(this.#withIds(call.answer))
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
  return text === '' ? '' : parsed(text.replace(/\n$/, ''))
}

function form(call: RecordedCall): string {
  return call.contentType.startsWith('text/html') ? String(call.status) : ''
}

function parsed(text: string): unknown {
  try {
    return normalize(JSON.parse(text))
  } catch {
    return text
  }
}

const times = new Set(['create_time', 'update_time'])
const indexes = new Set(['createdIndex', 'modifiedIndex'])
/** Members of schemas that are each build's own. */
const prose = new Set(['description', '$comment'])

function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize)
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).filter(([name, member]) => !isProse(name, member))
  return Object.fromEntries(
    members.map(([name, member]) => {
      if (times.has(name) && Number.isInteger(member)) return [name, 'a time']
      if (indexes.has(name) && Number.isInteger(member)) return [name, 'an index']
      // The words of parsers are their own.
      if (name === 'error_msg' && isParsers(member, value)) return [name, String(member).split(': ')[0]]
      // Which kind is looked at first is free.
      if (name === 'errors' && Array.isArray(member)) return [name, member.map(normalize).toSorted(byText)]
      return [name, normalize(member)]
    }),
  )
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function isProse(name: string, member: unknown): boolean {
  return prose.has(name) && typeof member === 'string'
}

function isParsers(message: unknown, body: object): boolean {
  return 'req_body' in body || String(message).startsWith('invalid content: ')
}

function idOf(text: string): string | undefined {
  const answer: unknown = JSON.parse(text)
  const value = isJsonObject(answer) ? answer['value'] : undefined
  return isJsonObject(value) && typeof value['id'] === 'string' ? value['id'] : undefined
}
