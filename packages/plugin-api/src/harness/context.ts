// The context of a made-up request, with the strings a test pulls.
import type { Logger } from '@weir/telemetry'
import type { Consumer } from '../consumer.ts'
import type { ClientRequest, RequestContext, RouteFacts, UpstreamRecord } from '../context.ts'
import type { LlmExchange } from '../exchange.ts'
import type { QuotaSource } from '../quota.ts'
import { State } from '../state.ts'
import { createTestRequest, type TestRequest } from './request.ts'
import { RecordingLogger } from './telemetry.ts'

export interface TestContextOptions {
  readonly request?: TestRequest
  readonly route?: Partial<RouteFacts>
  readonly consumer?: Consumer | string
  readonly llm?: LlmExchange
  readonly quotas?: readonly QuotaSource[]
  /** Values of `ctx.variable`, before the few that follow from the request (http_x, arg_x, uri, remote_addr ...). */
  readonly variables?: Readonly<Record<string, unknown>>
  readonly log?: Logger
}

export function createTestContext(options: TestContextOptions = {}): TestContext {
  return new TestContext(options)
}

let lastId = 0

export class TestContext implements RequestContext {
  readonly id = (++lastId).toString(16).padStart(32, '0')
  readonly startedAt = performance.now()
  readonly request: ClientRequest
  readonly route: RouteFacts
  readonly upstream: UpstreamRecord = {
    attempts: [],
    scheme: '',
    host: '',
    uri: '',
    node: '',
    unresolvedHost: '',
    answer: undefined,
    hasTakenRequest: false,
  }
  readonly state = new State()
  readonly log: Logger
  readonly quotas: readonly QuotaSource[]
  /** Headers that plugins asked to be added to the response. */
  readonly responseHeaders: [name: string, value: string][] = []
  consumer: Consumer | undefined
  llm: LlmExchange | undefined
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #abort = new AbortController()
  readonly #whenGone: (() => void)[] = []

  constructor(options: TestContextOptions) {
    this.request = createTestRequest(options.request)
    this.route = { ...plainRoute, ...options.route }
    this.consumer = typeof options.consumer === 'string' ? testConsumer(options.consumer) : options.consumer
    this.llm = options.llm
    this.quotas = options.quotas ?? []
    this.log = options.log ?? new RecordingLogger()
    this.#variables = options.variables ?? {}
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  onClientGone(callback: () => void): void {
    this.#whenGone.push(callback)
  }

  /** The client leaves before its response is complete. */
  leave(): void {
    this.#abort.abort()
    for (const callback of this.#whenGone.splice(0)) callback()
  }

  addResponseHeader(name: string, value: string): void {
    this.responseHeaders.push([name, value])
  }

  setResponseHeader(name: string, value: string): void {
    const there = this.responseHeaders.findIndex(([added]) => added === name)
    if (there < 0) this.responseHeaders.push([name, value])
    else this.responseHeaders[there] = [name, value]
  }

  /** The last value added under this name, by any spelling. */
  responseHeader(name: string): string | undefined {
    const wanted = name.toLowerCase()
    return this.responseHeaders.findLast(([added]) => added.toLowerCase() === wanted)?.[1]
  }

  variable(name: string): unknown {
    if (name in this.#variables) return this.#variables[name]
    if (name.startsWith('http_')) return this.request.header(name.slice(5).replaceAll('_', '-'))
    if (name.startsWith('arg_')) return this.request.queryArgument(name.slice(4))
    switch (name) {
      case 'uri':
        return this.request.path
      case 'request_method':
        return this.request.method
      case 'host':
        return this.request.host
      case 'remote_addr':
        return this.request.remoteAddress
      case 'consumer_name':
        return this.consumer?.username
      case 'route_id':
        return this.route.id
      default:
        return undefined
    }
  }
}

export function testConsumer(username: string): Consumer {
  return { username, groupId: undefined, labels: {}, credentialId: undefined }
}

const plainRoute: RouteFacts = {
  id: '1',
  name: undefined,
  serviceId: undefined,
  serviceName: undefined,
  uri: '/*',
  hostPattern: '',
  labels: {},
}
