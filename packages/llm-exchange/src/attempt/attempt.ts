// One try at one instance: a state machine from the request's first byte to the answer's last.
//
//   connecting -> reading_answer ----------------------------> done   a complete answer, or an error to judge
//              -> waiting_for_first_token -> streaming -> draining -> done
//
// Before the first token an attempt may fail and another instance be tried, because nobody has seen anything of it.
// From the first token on the answer belongs to the client: whatever happens is visible to it.
import { GatewayError } from '@weir/contract'
import {
  type ClientProtocol,
  type Conversion,
  ConversionError,
  type ConvertedRequest,
  FrameWatch,
  type ReplyConversion,
  StreamConverter,
  StreamWatch,
  type Watch,
} from '@weir/llm'
import type { ByteSink, ByteStream, RequestContext, UpstreamAttempt } from '@weir/plugin-api'
import type { AnswerHeaders, Exchange, ExchangeHandler, UpstreamError, UpstreamRequest } from '@weir/upstream'
import type { Authorizer } from '../credentials/authorizer.ts'
import type { CallPlan } from '../instance/call-plan.ts'
import type { Instance } from '../instance/instance.ts'
import type { Target } from '../instance/targets.ts'
import type { AttemptExit, AttemptOwner, AttemptRules, AttemptState, Outgoing } from './attempt-types.ts'
import { conversionRefusal, convertAnswer, listFields } from './converted.ts'
import {
  type Failure,
  noPath,
  ownFailure,
  refusal,
  textFailure,
  transportFailure,
  upstreamFailure,
} from './failure.ts'
import { joined, joinedBytesMax, readPieces, streamPieces } from './pieces-out.ts'
import { requestHeaders } from './request-headers.ts'
import { readResponseHeaders } from './response-headers.ts'

/** A complete answer is held in memory; without `max_response_bytes`, and for errors, this is the bound. */
const answerBytesMax = 64 * 1024 * 1024
/** What may still come of a stream that has said that it is over, for its connection to be kept. */
const drainedBytesMax = 65_536
const CLIENT_CLOSED_REQUEST = 499
const none: readonly never[] = []
/** In the contract's words (ai-plugins.md §6.4). */
const noOutput =
  'streaming response completed without producing any output; ' +
  'the upstream likely returned a different stream format than the converter expects'

type RequestHead = Pick<UpstreamRequest, 'method' | 'path' | 'headers'>

export class Attempt implements ExchangeHandler, ByteStream {
  readonly instance: Instance
  readonly startedAt = performance.now()
  state: AttemptState = 'connecting'
  exit: AttemptExit | undefined = undefined
  status = 0
  /** Of the upstream's answer, those for the client. */
  headers: string[] = []
  /** Whole milliseconds until the first token, or until the answer was complete. */
  firstTokenMs = 0
  /** Whole milliseconds until it ended; 0 before. */
  endedMs = 0
  watch: Watch | undefined = undefined
  /** Facts of the body as it went out, when it was shaped (contract/ai-plugins.md §6 step 9). */
  toolCount = 0
  endUser = ''
  readonly #owner: AttemptOwner
  readonly #ctx: RequestContext
  readonly #outgoing: Outgoing
  readonly #rules: AttemptRules
  /** What the instance is spoken to. */
  #target: ClientProtocol
  /** Undefined when the client speaks that too. */
  #reply: ReplyConversion | undefined = undefined
  #converter: StreamConverter | undefined = undefined
  #isFramed = false
  /** What of the request the target protocol could not say. */
  #dropped: readonly string[] = none
  #record: UpstreamAttempt | undefined = undefined
  #exchange: Exchange | undefined = undefined
  #isFailure = false
  /** A body under way, or the chunks of a stream that nobody has asked for yet. */
  #chunks: Buffer[] = []
  #bytes = 0
  #sink: ByteSink | undefined = undefined
  #isPaused = false
  #breakage: GatewayError | undefined = undefined
  #durationTimer: NodeJS.Timeout | undefined = undefined

  constructor(
    owner: AttemptOwner,
    ctx: RequestContext,
    instance: Instance,
    outgoing: Outgoing,
    rules: AttemptRules,
  ) {
    this.#owner = owner
    this.#ctx = ctx
    this.instance = instance
    this.#outgoing = outgoing
    this.#target = outgoing.protocol
    this.#rules = rules
  }

  /** Sends the request. The owner may be called before this returns. */
  send(): void {
    const { protocol } = this.#outgoing
    const { instance } = this
    const plan = instance.plans.get(protocol)
    if (!plan) return this.#fail('rejected', refusal(400, instance.unsupported(protocol)))
    const target = instance.targets?.choose()
    if (!target) return this.#fail('transport_failed', ownFailure(500, 'the instance has no endpoint'))
    this.#target = plan.target
    if (!plan.conversion) return this.#shape(plan, target, this.#outgoing)
    const converted = this.#convert(plan.conversion)
    if (converted) this.#shape(plan, target, { body: converted.body, raw: undefined })
  }

  /** Anew for each attempt, from the client's own request. */
  #convert(conversion: Conversion): ConvertedRequest | undefined {
    const { body, model } = this.#outgoing.exchange
    try {
      const converted = conversion.request(body, { model })
      this.#reply = converted.reply
      this.#dropped = converted.dropped
      return converted
    } catch (error) {
      this.#fail('rejected', conversionRefusal(error))
      return undefined
    }
  }

  #shape(plan: CallPlan, target: Target, { body, raw }: Pick<Outgoing, 'body' | 'raw'>): void {
    const { exchange, completionMax } = this.#outgoing
    const path = plan.path(this.#ctx, exchange.model, exchange.stream)
    if (path === undefined) return this.#fail('rejected', noPath)
    const { bytes, edits } = plan.shaper.shape(body, raw, completionMax)
    const plain = requestHeaders(this.#ctx, this.instance, target.host, this.#rules.trustedAddresses)
    const headers = plan.conversion?.headers?.(plain) ?? plain
    if (edits) {
      const tools = 'tools' in edits ? edits['tools'] : body['tools']
      this.toolCount = Array.isArray(tools) ? tools.length : 0
      this.endUser = plan.target.endUser({ ...body, ...edits })
    }
    const method = plan.method(this.#ctx)
    const { authorizer } = this.instance
    if (authorizer) void this.#authorize(authorizer, target, { method, path, headers }, bytes)
    else this.#dispatch(target, { method, path, headers }, bytes)
  }

  async #authorize(
    authorizer: Authorizer,
    target: Target,
    head: RequestHead,
    body: Buffer | readonly Buffer[],
  ): Promise<void> {
    try {
      const { method, path } = head
      const more = await authorizer.authorize({ method, path, host: this.instance.hostHeader, body })
      head.headers.push(...more)
    } catch (error) {
      if (this.state !== 'connecting') return
      this.#fail('rejected', ownFailure(500, error instanceof Error ? error.message : 'no credentials'))
      return
    }
    if (this.state === 'connecting') this.#dispatch(target, head, body)
  }

  #dispatch(target: Target, { method, path, headers }: RequestHead, bytes: Buffer | readonly Buffer[]): void {
    this.#begin(target.address, path)
    const { timeout } = this.#rules
    this.#exchange = target.origin.send(
      {
        method,
        path,
        headers,
        body: Buffer.isBuffer(bytes) ? bytes : readPieces(bytes, headers),
        timeouts: { headersMs: timeout, idleMs: timeout },
      },
      this,
    )
  }

  onHead(status: number, answer: AnswerHeaders): void {
    if (this.state !== 'connecting') return
    this.status = status
    if (this.#record) this.#record.headerMs = performance.now() - this.startedAt
    const { headers, isStream, isFramed, isEncoded, contentLength } = readResponseHeaders(answer.fields)
    this.headers = headers
    if (this.#dropped.length > 0) headers.push('X-Weir-Dropped-Fields', listFields(this.#dropped))
    this.#isFailure = status === 429 || status >= 500 || this.#rules.failureStatuses.has(status)
    if (isEncoded) {
      // Nobody asked for it, and what cannot be read can neither be accounted nor checked.
      this.#exchange?.abort()
      const counted = this.#isFailure ? status : 502
      this.#fail('transport_failed', ownFailure(counted, 'the LLM service compressed its answer unasked'))
      return
    }
    if (isStream && !this.#isFailure) {
      this.state = 'waiting_for_first_token'
      this.#watchStream(isFramed)
      const { max_stream_duration_ms: durationMs } = this.#rules
      if (durationMs !== undefined) this.#durationTimer = setTimeout(endTooLong, durationMs, this)
      return
    }
    this.state = 'reading_answer'
    if (contentLength > this.#answerLimit()) this.#exceedBytes()
  }

  #watchStream(isFramed: boolean): void {
    const { wantsText } = this.#outgoing
    this.#isFramed = isFramed
    this.watch = isFramed ? new FrameWatch(this.#target, wantsText) : new StreamWatch(this.#target, wantsText)
    if (!this.#reply) return
    this.#converter = new StreamConverter(this.#reply.stream(), isFramed)
    // It is written as server-sent events, however it came.
    const at = this.headers.indexOf('Content-Type')
    if (isFramed && at >= 0) this.headers[at + 1] = 'text/event-stream'
  }

  onData(chunk: Buffer): void {
    switch (this.state) {
      case 'streaming':
        this.#pass(chunk.length, this.#seen(chunk))
        return
      case 'waiting_for_first_token':
        this.#firstToken(chunk)
        return
      case 'reading_answer':
        this.#bytes += chunk.length
        if (this.#bytes > this.#answerLimit()) this.#exceedBytes()
        else this.#chunks.push(chunk)
        return
      case 'draining':
        this.#bytes += chunk.length
        if (this.#bytes > drainedBytesMax) this.abandon()
        return
      case 'connecting':
      case 'done':
        return
    }
  }

  onEnd(): void {
    switch (this.state) {
      case 'reading_answer':
        this.#answerComplete()
        return
      case 'waiting_for_first_token':
        this.#failEmpty()
        return
      case 'streaming':
        if (this.#looksComplete()) this.#completeStream(this.#converter?.end(), true)
        else
          this.#break('upstream_broken', 'the stream of the LLM service ended before its answer was complete')
        return
      case 'draining':
        this.state = 'done'
        return
      case 'connecting':
      case 'done':
        return
    }
  }

  onFail(error: UpstreamError): void {
    if (this.state === 'draining') this.state = 'done'
    if (this.state === 'done') return
    const failure = transportFailure(error)
    this.#ctx.log.warn('an LLM service failed', {
      instance: this.instance.name,
      failure: error.failure,
      reason: error.message,
      state: this.state,
    })
    if (this.state !== 'streaming') this.#fail('transport_failed', failure)
    else if (this.#looksComplete()) this.#completeStream(this.#converter?.end(), true)
    else this.#break(failure.status === 504 ? 'upstream_timeout' : 'upstream_broken', failure.reason)
  }

  /** The client's side takes the stream: first what came before it was ready. */
  start(sink: ByteSink): void {
    this.#sink = sink
    const chunks = this.#chunks
    this.#chunks = []
    for (const chunk of chunks) sink.chunk(chunk)
    if (this.#breakage) sink.fail(this.#breakage)
    else if (this.state !== 'streaming') sink.end()
  }

  pause(): void {
    if (this.state !== 'streaming') return
    this.#isPaused = true
    this.#exchange?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#exchange?.resume()
  }

  /** The client left, or a stage ended the response in its own way. */
  abort(): void {
    if (this.state !== 'streaming') return
    this.abandon()
    this.#owner.streamSettled(this, true)
  }

  /** Closes the connection to the upstream; nobody is told. */
  abandon(): void {
    if (this.state === 'done') return
    if (this.state === 'draining') this.state = 'done'
    else this.#end('abandoned', CLIENT_CLOSED_REQUEST)
    this.#exchange?.abort()
  }

  /** `max_stream_duration_ms` is over. */
  endTooLong(): void {
    this.#exceed(504, 'max_stream_duration_ms exceeded')
  }

  #begin(address: string, path: string): void {
    const { upstream } = this.#ctx
    this.#record = { address, status: 0, connectMs: undefined, headerMs: undefined, responseMs: undefined }
    upstream.attempts.push(this.#record)
    upstream.scheme = this.instance.scheme
    upstream.host = this.instance.hostName
    upstream.uri = path
    upstream.node = this.instance.name
  }

  #firstToken(chunk: Buffer): void {
    this.firstTokenMs ||= Math.floor(performance.now() - this.startedAt)
    if (this.#bytes + chunk.length > (this.#rules.max_response_bytes ?? Infinity)) {
      this.#exceedBytes()
      return
    }
    const out = this.#seen(chunk)
    if (out.length === 0) {
      this.#bytes += chunk.length
      if (this.watch?.done) this.#failEmpty()
      return
    }
    this.state = 'streaming'
    this.#pass(chunk.length, out)
    this.#owner.streaming(this)
  }

  /** What the client gets of a chunk: the same bytes, or what they are converted to. */
  #seen(chunk: Buffer): Buffer {
    this.watch?.push(chunk)
    return this.#converter ? this.#converter.push(chunk, this.watch?.done ?? false) : chunk
  }

  #pass(length: number, out: Buffer): void {
    this.#bytes += length
    if (this.watch?.done) {
      this.#completeStream(out, false)
      return
    }
    if (out.length > 0) this.#deliver(out)
    if (this.#bytes > (this.#rules.max_response_bytes ?? Infinity)) this.#exceedBytes()
  }

  #deliver(chunk: Buffer): void {
    if (this.#sink) this.#sink.chunk(chunk)
    else this.#chunks.push(chunk)
  }

  /**
   * The stream said that it is over, or ended after all of its answers did. The cost is settled before the last
   * bytes leave, so that the client's next request finds it booked.
   */
  #completeStream(last: Buffer | undefined, hasEnded: boolean): void {
    this.#end('streamed', this.status)
    this.#noteSent()
    if (!hasEnded) {
      // Its connection is kept when the upstream ends it properly; that is no longer the client's business.
      this.state = 'draining'
      this.#bytes = 0
      this.resume()
    }
    this.#owner.streamSettled(this, false)
    if (last && last.length > 0) this.#deliver(last)
    this.#sink?.end()
  }

  /** Tells the client that what it has is not all: by an event, and by breaking the connection off. */
  #break(code: 'upstream_broken' | 'upstream_timeout', message: string): void {
    // What is converted is passed on in whole events.
    const isWhole = this.#converter !== undefined || (this.watch?.betweenEvents ?? true)
    this.#end('stream_broken', this.status)
    this.#exchange?.abort()
    this.#owner.streamSettled(this, true)
    const event = this.#outgoing.protocol.errorEvent(message)
    // Behind half a frame nothing could be read.
    if (typeof event !== 'string') {
      if (isWhole) this.#deliver(event)
    } else if (event !== '') this.#deliver(Buffer.from(isWhole ? event : `\n\n${event}`))
    this.#breakage = new GatewayError(code, message)
    this.#sink?.fail(this.#breakage)
  }

  /** No marker of the end is needed where every answer said that it is finished. */
  #looksComplete(): boolean {
    const { watch } = this
    if (!watch || (!this.#target.marks && !this.#isFramed)) return true
    if (watch.done) return true
    // A converted request asks for one answer.
    const wanted = this.#reply ? 1 : this.#target.answersWanted(this.#outgoing.body)
    return watch.finished > 0 && watch.finished >= wanted
  }

  #answerComplete(): void {
    const chunks = this.#chunks
    this.#chunks = []
    const bytes = this.#bytes > joinedBytesMax ? chunks : joined(chunks)
    if (this.#isFailure) {
      const body = Buffer.isBuffer(bytes) ? bytes : streamPieces(bytes, this.headers)
      this.#fail('rejected', upstreamFailure(this.status, this.headers, body))
      return
    }
    const answer = this.#reply ? this.#convertBack(this.#reply, bytes) : bytes
    if (!answer) return
    this.#end('answered', this.status)
    this.#noteSent()
    this.firstTokenMs = this.endedMs
    this.#owner.answered(this, answer)
  }

  #convertBack(
    reply: ReplyConversion,
    bytes: Buffer | readonly Buffer[],
  ): Buffer | readonly Buffer[] | undefined {
    try {
      return convertAnswer(reply, this.status, bytes)
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error
      this.#fail('rejected', textFailure(500, error.message, none))
      return undefined
    }
  }

  /** A stream that brought nothing: another instance may still be asked. */
  #failEmpty(): void {
    this.#exchange?.abort()
    const failure =
      this.#converter && this.#bytes > 0
        ? textFailure(502, noOutput, none)
        : ownFailure(502, 'the LLM service ended its stream without sending anything')
    this.#fail('empty_stream', failure)
  }

  #answerLimit(): number {
    return this.#isFailure ? answerBytesMax : (this.#rules.max_response_bytes ?? answerBytesMax)
  }

  #exceedBytes(): void {
    this.#exceed(502, 'max_response_bytes exceeded')
  }

  #exceed(status: 502 | 504, text: string): void {
    if (this.state === 'streaming') {
      this.#break(status === 504 ? 'upstream_timeout' : 'upstream_broken', text)
      return
    }
    this.#exchange?.abort()
    this.#fail('limit_hit', textFailure(status, text, contentTypeOf(this.headers)))
  }

  /** Before the first token: the owner decides what becomes of the request. */
  #fail(exit: AttemptExit, failure: Failure): void {
    this.#end(exit, failure.source === 'nginx' ? failure.status : this.status)
    this.firstTokenMs = this.endedMs
    this.#chunks = []
    this.#owner.failed(this, failure)
  }

  /** An upstream may answer before it has read everything, and an earlier attempt may still be about to end. */
  #noteSent(): void {
    const { upstream } = this.#ctx
    upstream.hasTakenRequest = upstream.attempts.length === 1 && this.#exchange?.hasSent === true
  }

  #end(exit: AttemptExit, status: number): void {
    this.state = 'done'
    this.exit = exit
    this.endedMs = Math.floor(performance.now() - this.startedAt)
    clearTimeout(this.#durationTimer)
    if (!this.#record) return
    this.#record.status = status
    this.#record.responseMs = performance.now() - this.startedAt
  }
}

function endTooLong(attempt: Attempt): void {
  attempt.endTooLong()
}

function contentTypeOf(headers: readonly string[]): readonly string[] {
  const at = headers.indexOf('Content-Type')
  return at < 0 ? [] : headers.slice(at, at + 2)
}
