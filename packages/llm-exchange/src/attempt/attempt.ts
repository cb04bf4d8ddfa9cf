// One try at one instance: a state machine from the request's first byte to the answer's last.
//
//   connecting -> reading_answer ----------------------------> done   a complete answer, or an error to judge
//              -> waiting_for_first_token -> streaming -> draining -> done
//
// Before the first token an attempt may fail and another instance be tried, because nobody has seen anything of it.
// From the first token on the answer belongs to the client: whatever happens is visible to it.
import { GatewayError, timerMsMax } from '@weir/contract'
import type { Watch } from '@weir/llm'
import type { ByteSink, ByteStream, RequestContext, UpstreamAttempt } from '@weir/plugin-api'
import type { AnswerHeaders, Exchange, ExchangeHandler, UpstreamError } from '@weir/upstream'
import { type Authorizer, AuthorizationError } from '../credentials/authorizer.ts'
import type { Instance } from '../instance/instance.ts'
import type { Target } from '../instance/targets.ts'
import { AnswerStream } from './answer-stream.ts'
import { beginRecord, endRecord, noteSent } from './attempt-record.ts'
import type { AttemptExit, AttemptOwner, AttemptRules, AttemptState, Outgoing } from './attempt-types.ts'
import { convertAnswer, listFields } from './converted.ts'
import {
  emptyStream,
  type Failure,
  lateToken,
  ownFailure,
  refusal,
  textFailure,
  transportFailure,
  upstreamFailure,
} from './failure.ts'
import { joined, joinedBytesMax, readPieces } from './pieces-out.ts'
import { type PreparedRequest, prepareRequest } from './prepare-request.ts'
import { contentTypeOf, readResponseHeaders } from './response-headers.ts'
import { limitFirstToken, limitGaps } from './stream-limits.ts'
import { isComment, isOnlyTerminator } from './stream-start.ts'

/** A complete answer is held in memory; without `max_response_bytes`, and for errors, this is the bound. */
const answerBytesMax = 64 * 1024 * 1024
/** What may still come of a stream that has said that it is over, for its connection to be kept. */
const drainedBytesMax = 65_536
const CLIENT_CLOSED_REQUEST = 499
const blankLine = Buffer.from('\n\n')
/** Comments that may come before the first event of a stream. */
const heldBytesMax = 65_536

export class Attempt implements ExchangeHandler, ByteStream {
  readonly instance: Instance
  readonly startedAt = performance.now()
  state: AttemptState = 'connecting'
  exit: AttemptExit | undefined = undefined
  status = 0
  /** Of the upstream's answer, those for the client. */
  headers: string[] = []
  /** Whole milliseconds until the first token, or until the answer was complete; 0 when there was none. */
  firstTokenMs = 0
  /** Whole milliseconds until it ended; 0 before. */
  endedMs = 0
  /** Facts of the body as it went out, when it was shaped (contract/ai-plugins.md §6 step 9). */
  toolCount = 0
  endUser = ''
  readonly #owner: AttemptOwner
  readonly #ctx: RequestContext
  readonly #outgoing: Outgoing
  readonly #rules: AttemptRules
  #request: PreparedRequest | undefined = undefined
  #record: UpstreamAttempt | undefined = undefined
  #exchange: Exchange | undefined = undefined
  #isFailure = false
  /** When the answer is a stream. */
  #stream: AnswerStream | undefined = undefined
  /** A body under way. */
  #chunks: Buffer[] = []
  /** Of the answer so far; while draining, of what came after its end. */
  #bytes = 0
  #isPaused = false
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
    this.#rules = rules
  }

  /** What is known of the answer when it is a stream. */
  get watch(): Watch | undefined {
    return this.#stream?.watch
  }

  /** Sends the request. The owner may be called before this returns. */
  send(): void {
    const { protocol } = this.#outgoing
    const { instance } = this
    const plan = instance.plans.get(protocol.name)
    if (!plan) return this.#fail('rejected', refusal(400, instance.unsupported(protocol)))
    const target = instance.targets?.choose()
    if (!target) return this.#fail('transport_failed', ownFailure(500, 'the instance has no endpoint'))
    const { trustedAddresses } = this.#rules
    const request = prepareRequest(this.#ctx, instance, plan, this.#outgoing, target.host, trustedAddresses)
    if ('isFinal' in request) return this.#fail('rejected', request)
    this.#request = request
    this.toolCount = request.toolCount
    this.endUser = request.endUser
    if (instance.authorizer) void this.#authorize(instance.authorizer, target, request)
    else this.#dispatch(target, request)
  }

  async #authorize(authorizer: Authorizer, target: Target, request: PreparedRequest): Promise<void> {
    try {
      const { method, path, body } = request
      const more = await authorizer.authorize({ method, path, host: this.instance.hostHeader, body })
      request.headers.push(...more)
      if (this.state === 'connecting') this.#dispatch(target, request)
    } catch (error) {
      if (this.state !== 'connecting') return
      const isKnown = error instanceof AuthorizationError
      this.#fail('rejected', ownFailure(500, isKnown ? error.message : 'the request could not be signed'))
    }
  }

  #dispatch(target: Target, { method, path, headers, body }: PreparedRequest): void {
    const { model } = this.#outgoing.exchange
    this.#record = beginRecord(this.#ctx.upstream, this.instance, target.address, model, path, this.startedAt)
    const { timeout, first_token_timeout: firstMs = timeout } = this.#rules
    const headersMs = this.#outgoing.exchange.stream ? Math.min(timeout, firstMs) : timeout
    this.#exchange = target.origin.send(
      {
        method,
        path,
        headers,
        body: Buffer.isBuffer(body) ? body : readPieces(body, headers),
        timeouts: { headersMs, idleMs: timeout },
      },
      this,
    )
  }

  onStart(): void {
    if (this.#record) this.#record.connectMs = performance.now() - this.startedAt
  }

  onHead(status: number, answer: AnswerHeaders): void {
    if (this.state !== 'connecting') return
    this.status = status
    if (this.#record) this.#record.headerMs = performance.now() - this.startedAt
    const { headers, isStream, isFramed, isEncoded, contentLength } = readResponseHeaders(answer.fields)
    this.headers = headers
    const dropped = this.#request?.converted?.dropped
    if (dropped && dropped.length > 0) headers.push('X-Weir-Dropped-Fields', listFields(dropped))
    this.#isFailure = status === 429 || status >= 500 || this.#rules.failureStatuses.has(status)
    if (isEncoded) {
      // Nobody asked for it, and what cannot be read can neither be accounted nor checked.
      this.#exchange?.abort()
      const counted = this.#isFailure ? status : 502
      this.#fail('transport_failed', ownFailure(counted, 'the LLM service compressed its answer unasked'))
      return
    }
    // An error is a document, whatever its form: DashScope's are events, and no stream that could be cut.
    if (isStream && status < 400 && !this.#isFailure) {
      this.state = 'waiting_for_first_token'
      this.#beginStream(isFramed)
      if (this.#exchange) limitFirstToken(this.#exchange, this.#rules, this.startedAt)
      const { max_stream_duration_ms: durationMs } = this.#rules
      if (durationMs !== undefined)
        this.#durationTimer = setTimeout(
          () => this.#exceed(504, 'max_stream_duration_ms exceeded'),
          Math.min(durationMs, timerMsMax),
        )
      return
    }
    this.state = 'reading_answer'
    if (contentLength > this.#answerLimit()) this.#exceedBytes()
  }

  #beginStream(isFramed: boolean): void {
    const { protocol, body, wantsText } = this.#outgoing
    const { target = protocol, converted } = this.#request ?? {}
    this.#stream = new AnswerStream(target, body, converted?.reply, isFramed, wantsText)
    // What is converted is written as server-sent events, however it came.
    const at = isFramed && converted ? this.headers.indexOf('Content-Type') : -1
    if (at >= 0) this.headers[at + 1] = 'text/event-stream'
  }

  onData(chunk: Buffer): void {
    switch (this.state) {
      case 'streaming':
        this.#pass(chunk.length, this.#stream?.push(chunk))
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
    if (this.#stream?.lacksBlankLine) this.onData(blankLine)
    switch (this.state) {
      case 'reading_answer':
        this.#answerComplete()
        return
      case 'waiting_for_first_token':
        this.#failEmpty()
        return
      case 'streaming':
        if (this.#stream?.looksComplete(true)) this.#completeStream(this.#stream.end(), true)
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
    const isTokenLate = this.state === 'waiting_for_first_token' && error.failure === 'body_timeout'
    const failure = isTokenLate ? lateToken : transportFailure(error)
    this.#ctx.log.warn('an LLM service failed', {
      instance: this.instance.name,
      failure: error.failure,
      reason: error.message,
      state: this.state,
    })
    if (this.state !== 'streaming') this.#fail('transport_failed', failure)
    else if (this.#stream?.looksComplete(false)) this.#completeStream(this.#stream.end(), true)
    else this.#break(failure.status === 504 ? 'upstream_timeout' : 'upstream_broken', failure.reason)
  }

  start(sink: ByteSink): void {
    this.#stream?.start(sink, this.state !== 'streaming')
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

  #firstToken(chunk: Buffer): void {
    const length = this.#bytes + chunk.length
    if (length > (this.#rules.max_response_bytes ?? Infinity)) return this.#exceedBytes()
    const out = this.#stream?.push(chunk)
    const isNothing = !out || out.length === 0
    if (this.watch?.done && (isNothing || isOnlyTerminator(out))) return this.#failEmpty()
    if (isNothing) {
      this.#bytes = length
      return
    }
    if (this.#rules.first_token_timeout !== undefined && isComment(out)) {
      // While another instance may still be asked, nothing is sent, not even what keeps a connection alive.
      if (length > heldBytesMax) return this.#exceedBytes()
      this.#bytes = length
      this.#stream?.pass(out)
      return
    }
    this.firstTokenMs = Math.floor(performance.now() - this.startedAt)
    if (this.#exchange) limitGaps(this.#exchange, this.#rules)
    this.state = 'streaming'
    this.#pass(chunk.length, out)
    this.#owner.streaming(this)
  }

  #pass(length: number, out: Buffer | undefined): void {
    this.#bytes += length
    if (this.watch?.done) {
      this.#completeStream(out, false)
      return
    }
    this.#stream?.pass(out)
    if (this.#bytes > (this.#rules.max_response_bytes ?? Infinity)) this.#exceedBytes()
  }

  /**
   * The stream said that it is over, or ended after all of its answers did. The cost is settled before the last
   * bytes leave, so that the client's next request finds it booked.
   */
  #completeStream(last: Buffer | undefined, hasEnded: boolean): void {
    this.#end('streamed', this.status)
    noteSent(this.#ctx.upstream, this.#request, this.#exchange)
    if (!hasEnded) {
      // Its connection is kept when the upstream ends it properly; that is no longer the client's business.
      this.state = 'draining'
      this.#bytes = 0
      this.resume()
    }
    this.#owner.streamSettled(this, false)
    this.#stream?.pass(last)
    this.#stream?.finish()
  }

  /** Tells the client that what it has is not all: by an event, and by breaking the connection off. */
  #break(code: 'upstream_broken' | 'upstream_timeout', message: string): void {
    this.#end('stream_broken', this.status)
    this.#exchange?.abort()
    this.#owner.streamSettled(this, true)
    this.#stream?.breakOff(this.#outgoing.protocol.errorEvent(message), new GatewayError(code, message))
  }

  #answerComplete(): void {
    this.firstTokenMs = Math.floor(performance.now() - this.startedAt)
    const chunks = this.#chunks
    this.#chunks = []
    const bytes = this.#bytes > joinedBytesMax ? chunks : joined(chunks)
    if (this.#isFailure) return this.#fail('rejected', upstreamFailure(this.status, this.headers, bytes))
    const reply = this.#request?.converted?.reply
    const answer = reply ? convertAnswer(reply, this.status, bytes) : bytes
    if ('isFinal' in answer) return this.#fail('rejected', answer)
    this.#end('answered', this.status)
    noteSent(this.#ctx.upstream, this.#request, this.#exchange)
    this.firstTokenMs = this.endedMs
    this.#owner.answered(this, answer)
  }

  /** A stream that brought nothing: another instance may still be asked. */
  #failEmpty(): void {
    this.#exchange?.abort()
    const isConverted = this.#request?.converted !== undefined
    this.#fail('empty_stream', emptyStream(isConverted && this.#bytes > 0))
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
    this.#chunks = []
    this.#owner.failed(this, failure)
  }

  #end(exit: AttemptExit, status: number): void {
    this.state = 'done'
    this.exit = exit
    this.endedMs = Math.floor(performance.now() - this.startedAt)
    clearTimeout(this.#durationTimer)
    if (this.#record) endRecord(this.#record, status)
    this.#stream?.reportBroken(this.#ctx.log, this.instance.name)
  }
}
