// One LLM request from its admission to the settlement of its cost: pick, reserve, attempt, judge, next.
import {
  type CheckedRole,
  type ClientProtocol,
  type JsonObject,
  LongJson,
  readTexts,
  type UsageReport,
  type Watch,
} from '@weir/llm'
import { isJsonObject } from '@weir/contract'
import type {
  Awaitable,
  EndReason,
  GatewayResponse,
  LedgerRecord,
  LlmExchange,
  Reply,
  RequestContext,
} from '@weir/plugin-api'
import { Attempt } from '../attempt/attempt.ts'
import type { AttemptOwner } from '../attempt/attempt-types.ts'
import { type Failure, ownFailure } from '../attempt/failure.ts'
import { streamPieces } from '../attempt/pieces-out.ts'
import type { Instance } from '../instance/instance.ts'
import type { RouteState } from '../route/route-state.ts'
import type { Admission } from './admission.ts'
import { Answer } from './answer.ts'
import { LongAnswer } from './long-answer.ts'
import { allExhausted, toResponse } from './replies.ts'
import { RequestLedger } from './request-ledger.ts'

const CLIENT_CLOSED_REQUEST = 499

export class RequestExchange implements LlmExchange, AttemptOwner {
  readonly protocol: ClientProtocol
  readonly stream: boolean
  readonly requestModel: string
  riskLevel = ''
  timeToFirstTokenMs = 0
  upstreamMs = 0
  toolCount = 0
  endUser = ''
  readonly #ctx: RequestContext
  readonly #route: RouteState
  readonly #ledger: RequestLedger
  #body: JsonObject
  /** The client's own bytes, while nobody has replaced the body. */
  #raw: Buffer | LongJson | undefined
  /** All of a long body, when a plugin asked for it. */
  #whole: JsonObject | undefined = undefined
  #instance: Instance
  #tried: number[] = []
  #retries = 0
  /** Why the last instance that was passed over was: for the alert when a lower tier serves. */
  #passedOver = ''
  #wantsText = false
  #admission: Awaitable<Reply | undefined> | 'not asked' = 'not asked'
  /** The first refusal by the consumer's own quota, and the soonest moment at which any refused quota is back. */
  #refusedConsumer: Reply | undefined = undefined
  #retryAfter = Infinity
  #attempt: Attempt | undefined = undefined
  #answer: Answer | LongAnswer | undefined = undefined
  #respond: ((response: GatewayResponse) => void) | undefined = undefined

  constructor(
    ctx: RequestContext,
    route: RouteState,
    protocol: ClientProtocol,
    body: JsonObject,
    raw: Buffer | LongJson,
    instance: Instance,
  ) {
    this.#ctx = ctx
    this.#route = route
    this.#body = body
    this.#raw = raw
    this.#instance = instance
    this.protocol = protocol
    this.stream = protocol.isStream(body)
    this.requestModel = textOf(body['model'])
    this.#ledger = new RequestLedger(ctx, route, protocol, body, raw)
    this.#wantsText = route.logging.payloads
  }

  get body(): JsonObject {
    if (!(this.#raw instanceof LongJson)) return this.#body
    return (this.#whole ??= wholeOf(this.#raw))
  }

  turnTexts(mode: 'last' | 'all', roles: readonly CheckedRole[]): Awaitable<readonly string[]> {
    const { protocol } = this
    return this.#raw instanceof LongJson
      ? readTexts(this.#raw.pieces, { protocol: protocol.name, turns: { mode, roles } })
      : protocol.turnTexts(this.#body, mode, roles)
  }

  get longBody(): readonly Buffer[] | undefined {
    return this.#raw instanceof LongJson ? this.#raw.pieces : undefined
  }

  replaceBody(body: Record<string, unknown>): void {
    this.#body = body
    this.#raw = undefined
    this.#ledger.replaceBody(body)
  }

  get model(): string {
    return this.#instance.model ?? textOf(this.#body['model'])
  }

  get logging(): LlmExchange['logging'] {
    return this.#route.logging
  }

  get instance(): string {
    return this.#instance.name
  }

  get instanceIdentity(): string {
    return this.#instance.identity()
  }

  get usage(): UsageReport | undefined {
    return this.#ledger.usage
  }

  get ledger(): LedgerRecord {
    return this.#ledger.record(this.instance)
  }

  get responseText(): string {
    return this.#answer?.text ?? this.#attempt?.watch?.text ?? ''
  }

  get hasToolCalls(): boolean {
    return this.#answer?.hasToolCall ?? this.#attempt?.watch?.toolCall ?? false
  }

  get isWhole(): boolean {
    return this.#answer !== undefined || cameWhole(this.#attempt?.watch)
  }

  collectText(): void {
    this.#wantsText = true
  }

  admit(): Awaitable<Reply | undefined> {
    if (this.#admission === 'not asked') this.#admission = this.#admitFirst()
    return this.#admission
  }

  /** The answer, a stream of it, or why there is none; never rejects for what an upstream does. */
  proxy(): Awaitable<GatewayResponse> {
    const refused = this.admit()
    if (refused instanceof Promise) return this.#proxyLater(refused)
    return refused ? toResponse(refused) : this.#run()
  }

  finish(): void {
    const attempt = this.#attempt
    if (attempt?.state === 'streaming') attempt.abort()
    // A stream that has said that it is over may end by itself.
    else if (attempt?.state !== 'draining') attempt?.abandon()
    this.#settle(undefined)
    this.#end({ status: CLIENT_CLOSED_REQUEST, headers: [], source: 'apisix', body: undefined })
  }

  async #proxyLater(admission: Promise<Reply | undefined>): Promise<GatewayResponse> {
    const refused = await admission
    return refused ? toResponse(refused) : this.#run()
  }

  // --- admission -----------------------------------------------------------------------------------------------

  /** The picked instance, and while quotas refuse it and the strategy says so, the next ones. */
  #admitFirst(): Awaitable<Reply | undefined> {
    if (this.#ctx.quotas.length === 0) return undefined
    for (;;) {
      const asked = this.#reserve()
      if (asked instanceof Promise) return this.#admitLater(asked)
      const decision = this.#afterAdmission(asked)
      if (decision !== 'next') return decision
    }
  }

  async #admitLater(first: Promise<Admission>): Promise<Reply | undefined> {
    let asked: Awaitable<Admission> = first
    for (;;) {
      const decision = this.#afterAdmission(await asked)
      if (decision !== 'next') return decision
      asked = this.#reserve()
    }
  }

  #afterAdmission(admission: Admission): Reply | undefined | 'next' {
    if (admission.admitted) {
      this.#ledger.reason = 'not_sent'
      return undefined
    }
    const { fallback, instances } = this.#route
    const { reply } = admission
    this.#ledger.refuse(admission.refused)
    if (!admission.mayTryNext || !fallback.onQuota || instances.length === 1) return reply
    if (admission.level === 'consumer') this.#refusedConsumer ??= reply
    this.#retryAfter = Math.min(this.#retryAfter, Number(reply.headers?.['Retry-After'] ?? Infinity))
    this.#passOver('has no quota left')
    const next = this.#route.pick(this.#ctx, this.#tried)
    if (!next) return this.#refusedConsumer ?? allExhausted(this.#retryAfter)
    this.#instance = next
    return 'next'
  }

  #reserve(): Awaitable<Admission> {
    return this.#ledger.reserve(this.#instance, this.model)
  }

  // --- attempts ------------------------------------------------------------------------------------------------

  #run(): Promise<GatewayResponse> {
    const { promise, resolve } = Promise.withResolvers<GatewayResponse>()
    this.#respond = resolve
    this.#begin()
    this.#ctx.onClientGone(() => this.#clientGone())
    return promise
  }

  #begin(): void {
    const attempt = new Attempt(
      this,
      this.#ctx,
      this.#instance,
      {
        protocol: this.protocol,
        body: this.#body,
        raw: this.#raw,
        exchange: this,
        wantsText: this.#wantsText,
        completionMax: this.#ledger.completionMax,
      },
      this.#route.attemptRules,
    )
    this.#attempt = attempt
    attempt.send()
  }

  answered(attempt: Attempt, bytes: Buffer | readonly Buffer[]): void {
    this.#serve(attempt)
    const { status, headers } = attempt
    const isWhole = Buffer.isBuffer(bytes)
    const answer = isWhole
      ? new Answer(this.protocol, status, bytes)
      : new LongAnswer(this.protocol, status, bytes)
    this.#answer = answer
    this.#ledger.reason = 'answered'
    this.#settle(answer.usage ?? this.#estimate(answer))
    const body = isWhole ? bytes : streamPieces(bytes, headers)
    this.#end({ status, headers, source: 'upstream', body, answer })
  }

  streaming(attempt: Attempt): void {
    this.#serve(attempt)
    this.#ledger.keepReservation()
    this.#end({ status: attempt.status, headers: attempt.headers, source: 'upstream', body: attempt })
  }

  streamSettled(attempt: Attempt, interrupted: boolean): void {
    this.upstreamMs = attempt.endedMs
    const { watch } = attempt
    this.#ledger.reason = endOfStream(attempt)
    this.#settle(watch?.usage ?? this.#delivered(watch?.textBytes ?? 0, interrupted), watch?.textBytes)
  }

  failed(attempt: Attempt, failure: Failure): void {
    this.#take(attempt)
    this.#ledger.reason = endOfAttempt(attempt)
    if (this.#route.instances.length > 1 && this.#route.fallback.mayRetry(attempt, failure, this.#retries)) {
      this.#retries++
      void this.#tryNext(failure)
    } else this.#giveUp(failure)
  }

  /** Everything begins anew from the client's own request; what the failed attempt had reserved is given back. */
  async #tryNext(failure: Failure): Promise<void> {
    const failed = this.#instance
    this.#ledger.giveBack()
    this.#passOver(`failed: ${failure.reason}`)
    try {
      const next = await this.#nextWithQuota()
      if (this.#ledger.isSettled) return
      if (!next) {
        this.#instance = failed
        this.#giveUp({ ...failure, status: 502 })
        return
      }
      const status = failure.status
      this.#ctx.log.warn(
        `ai instance ${failed.name} returned status ${status}, falling back to ${next.name}`,
        {
          route: this.#ctx.route.id,
          reason: failure.reason,
        },
      )
      this.#begin()
    } catch (error) {
      this.#ctx.log.error('falling back failed', {
        reason: error instanceof Error ? error.message : 'unknown',
      })
      this.#giveUp(ownFailure(500, 'falling back to another instance failed'))
    }
  }

  async #nextWithQuota(): Promise<Instance | undefined> {
    for (;;) {
      const next = this.#route.pick(this.#ctx, this.#tried)
      if (!next) return undefined
      this.#instance = next
      if (this.#ctx.quotas.length === 0) return next
      const admission = await this.#reserve()
      if (admission.admitted) return next
      // Whoever may not go on when a quota refuses may not do so after a failure either.
      if (!admission.mayTryNext) return undefined
      this.#passOver('has no quota left')
    }
  }

  #passOver(why: string): void {
    this.#tried.push(this.#instance.index)
    this.#passedOver = `${this.#instance.name} ${why}`
  }

  #giveUp({ status, headers, body, source }: Failure): void {
    this.#settle(undefined)
    this.#end({ status, headers: [...headers], source, body })
  }

  /** The client left before it was answered. */
  #clientGone(): void {
    if (!this.#respond) return
    const wasAsked = this.#attempt?.state !== 'done'
    this.#attempt?.abandon()
    this.#ledger.reason = 'client_gone'
    this.#settle(wasAsked ? this.#delivered(0, true) : undefined)
    this.#end({ status: CLIENT_CLOSED_REQUEST, headers: [], source: 'apisix', body: undefined })
  }

  #serve(attempt: Attempt): void {
    this.#take(attempt)
    const { switches, host } = this.#route
    switches.served(attempt.instance, this.#passedOver, host, attempt.startedAt)
  }

  #take(attempt: Attempt): void {
    this.timeToFirstTokenMs = attempt.firstTokenMs
    this.upstreamMs = attempt.endedMs
    this.toolCount = attempt.toolCount
    this.endUser = attempt.endUser
  }

  #end(response: GatewayResponse): void {
    const respond = this.#respond
    this.#respond = undefined
    respond?.(response)
  }

  /** Nothing can be told of an answer that is no JSON. To look into one costs more than the rest of the request. */
  #estimate({ textBytes }: Answer | LongAnswer): UsageReport | undefined {
    return textBytes === undefined ? undefined : this.#delivered(textBytes)
  }

  #delivered(textBytes: number, interrupted = false): UsageReport | undefined {
    return this.#ledger.delivered(this.model, textBytes, interrupted)
  }

  #settle(usage: UsageReport | undefined, textBytes?: number): void {
    this.#ledger.settle(this.#instance.name, this.model, usage, textBytes)
  }
}

function cameWhole(stream: Watch | undefined): boolean {
  return stream !== undefined && stream.done && stream.brokenEvents === 0
}

function endOfStream({ exit }: Attempt): EndReason {
  return exit === 'streamed' ? 'streamed' : exit === 'stream_broken' ? 'stream_broken' : 'client_gone'
}

/** Of an attempt that failed before anything of it was seen. */
function endOfAttempt({ exit }: Attempt): EndReason {
  return exit === undefined || exit === 'abandoned' ? 'client_gone' : exit
}

function wholeOf(json: LongJson): JsonObject {
  const body = json.parse()
  return isJsonObject(body) ? body : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
