// One request: a fixed-shape object that every phase shares.
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type {
  Consumer,
  GatewayResponse,
  LlmExchange,
  QuotaSource,
  RequestContext,
  RouteFacts,
  UpstreamRecord,
} from '@weir/plugin-api'
import { State } from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import type { CompiledExpr } from '@weir/contract'
import { buildChain, type Chain } from './chain.ts'
import { ClientGoneError, type IncomingRequest } from './client-request.ts'
import { readVariable } from './variables.ts'

const emptyChain = buildChain([], [])

/** The facts of a request that no route matched. */
const unmatchedRoute: RouteFacts = {
  id: '',
  name: undefined,
  serviceId: undefined,
  serviceName: undefined,
  uri: '',
  hostPattern: '',
  labels: {},
}

export class Context implements RequestContext {
  readonly startedAt = performance.now()
  readonly request: IncomingRequest
  readonly state = new State()
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
  readonly log: Logger
  readonly reply: ServerResponse
  route: RouteFacts = unmatchedRoute
  params: Readonly<Record<string, string>> | undefined
  consumer: Consumer | undefined
  llm: LlmExchange | undefined
  /** The plugins of this request; the consumer's join when it is known. */
  chain: Chain = emptyChain
  /** Name, value, name, value ...; added to whatever response is sent. */
  readonly responseHeaders: string[] = []
  /** The client closed the connection before the response was complete. */
  clientGone = false
  /** The client asks for another protocol, and the route lets it. */
  mayUpgrade = false
  /** Whether variables of the body were asked for before it was read. */
  bodyVariables: 'unread' | 'wanted' | 'read' = 'unread'
  /** From the first header filter on. */
  response: GatewayResponse | undefined = undefined
  /** Bytes of the response's body; complete in the log phase. */
  bodyBytesSent = 0
  #id: string | undefined
  #onGone: (() => void)[] | undefined
  #controller: AbortController | undefined
  #filters: Map<CompiledExpr, boolean> | undefined

  constructor(request: IncomingRequest, reply: ServerResponse, log: Logger) {
    this.request = request
    this.reply = reply
    this.log = log
  }

  get quotas(): readonly QuotaSource[] {
    return this.chain.quotas
  }

  get id(): string {
    return (this.#id ??= nextRequestId())
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController()
      this.#controller = controller
      this.onClientGone(() => controller.abort(new ClientGoneError('the client left')))
    }
    return this.#controller.signal
  }

  onClientGone(callback: () => void): void {
    if (this.clientGone) callback()
    else (this.#onGone ??= []).push(callback)
  }

  /** The connection closed with the response unfinished. */
  leave(): void {
    if (this.clientGone) return
    this.clientGone = true
    this.request.leave()
    const callbacks = this.#onGone
    this.#onGone = undefined
    if (callbacks) for (const callback of callbacks) callback()
  }

  addResponseHeader(name: string, value: string): void {
    this.responseHeaders.push(name, value)
  }

  setResponseHeader(name: string, value: string): void {
    const headers = this.responseHeaders
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] !== name) continue
      headers[i + 1] = value
      return
    }
    headers.push(name, value)
  }

  variable(name: string): unknown {
    return readVariable(this, name)
  }

  /** `_meta.filter` is decided once per request, by its first use (routing.md §6). */
  passes(filter: CompiledExpr): boolean {
    this.#filters ??= new Map()
    let passes = this.#filters.get(filter)
    if (passes === undefined) {
      try {
        passes = filter.evaluate((name) => this.variable(name))
      } catch {
        // An expression that cannot be evaluated lets the plugin run (routing.md §4).
        passes = true
      }
      this.#filters.set(filter, passes)
    }
    return passes
  }
}

// A random start and a count: unique among nodes and restarts without a system call per request.
const idPrefix = randomBytes(10).toString('hex')
let idCount = 0

function nextRequestId(): string {
  idCount = (idCount + 1) % 0x1000000000000
  return idPrefix + idCount.toString(16).padStart(12, '0')
}
