// One request on its way to an upstream: a node is picked and tried, perhaps another one, until one answers. Nothing is
// tried again once an answer has begun.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { GatewayError } from '@weir/contract'
import type { AnswerHeaders, Exchange, UpstreamError } from '../client/index.ts'
import { answerHeaders } from './answer-headers.ts'
import { type AnswerOwner, AnswerStream } from './answer-stream.ts'
import type { RouteUpstream } from './compiled-upstreams.ts'
import { isRepeatable, isTimeout, mayRetry, toGatewayError } from './failures.ts'
import { toOriginForm } from './origin-form.ts'
import { UpgradeExchange, type UpgradeHandler } from '../client/upgrade-exchange.ts'
import { announcesBody, RequestBody } from './request-body.ts'
import { asksForUpgrade, hostAt, requestHeaders, upgradeHeaders } from './request-headers.ts'
import type { Target } from './target.ts'
import type { ForwardAnswer, ForwardAttempt, ForwardContext } from './types.ts'

/** Tries that do not count, on kept connections that the upstream was just closing, as nginx has it. */
const staleTriesMax = 3

type State =
  /** A node is chosen or its name resolved. */
  'picking' | 'trying' | 'answering' | 'over'

export class Forward implements UpgradeHandler, AnswerOwner {
  readonly #upstream: RouteUpstream
  readonly #ctx: ForwardContext
  /** Path and query to ask for. */
  readonly #path: string
  readonly #resolve: (answer: ForwardAnswer) => void
  readonly #reject: (error: GatewayError) => void
  readonly #startedAt = performance.now()
  readonly #tried: number[] = []
  #body: RequestBody | undefined = undefined
  #headers: string[] | undefined = undefined
  #state: State = 'picking'
  #triesLeft: number
  #staleTries = 0
  #unresolved = 0
  #node = -1
  #exchange: Exchange | undefined = undefined
  #attempt: ForwardAttempt | undefined = undefined
  #attemptAt = 0
  #answer: AnswerStream | undefined = undefined
  #upgraded: Socket | undefined = undefined

  constructor(
    upstream: RouteUpstream,
    ctx: ForwardContext,
    target: string,
    resolve: (answer: ForwardAnswer) => void,
    reject: (error: GatewayError) => void,
  ) {
    this.#upstream = upstream
    this.#ctx = ctx
    this.#path = toOriginForm(target)
    this.#resolve = resolve
    this.#reject = reject
    this.#triesLeft = upstream.state.plan.triesMax
  }

  begin(): void {
    const { request } = this.#ctx
    if (!request.body && announcesBody(request.message)) {
      if (request.bodyBytes > 0) {
        this.#giveUp(new GatewayError('body_too_large', 'the body was given up by who began to read it'))
        return
      }
      this.#body = new RequestBody(request, isRepeatable(request.method), () => this.#bodyTooLarge())
    }
    this.#ctx.onClientGone(() => this.#clientLeft())
    // Who has left already is told of at once.
    if (this.#isOver()) return
    this.#next()
  }

  onStart(): void {
    if (this.#attempt) this.#attempt.connectMs = performance.now() - this.#attemptAt
  }

  onHead(status: number, headers: AnswerHeaders): void {
    const exchange = this.#exchange
    if (!exchange) return
    this.#state = 'answering'
    if (this.#attempt) {
      this.#attempt.status = status
      this.#attempt.headerMs = performance.now() - this.#attemptAt
    }
    this.#upstream.state.health?.report(this.#node, status)
    this.#ctx.upstream.answer = headers
    this.#answer = new AnswerStream(exchange, this)
    this.#resolve({ status, headers: answerHeaders(headers.list()), source: 'upstream', body: this.#answer })
  }

  onUpgrade(headers: readonly string[], socket: Socket): void {
    this.#state = 'answering'
    if (this.#attempt) {
      this.#attempt.status = 101
      this.#attempt.headerMs = performance.now() - this.#attemptAt
    }
    this.#upstream.state.health?.report(this.#node, 101)
    this.#upgraded = socket
    // As nginx has it: the time between two reads holds for both directions together.
    socket.setTimeout(this.#upstream.timeouts.idleMs, () => socket.destroy())
    socket.once('close', () => this.#endAnswer())
    this.#resolve({
      status: 101,
      headers: [...answerHeaders(headers), ...upgradeHeaders(headers)],
      source: 'upstream',
      body: undefined,
      upgraded: socket,
    })
  }

  onData(chunk: Buffer): void {
    this.#answer?.push(chunk)
  }

  onEnd(): void {
    this.#endAnswer()
    this.#answer?.finish(undefined)
  }

  onFail(error: UpstreamError): void {
    this.#warn(error)
    if (this.#state === 'trying') {
      this.#tryFailed(error)
      return
    }
    this.#endAnswer()
    this.#answer?.finish(toGatewayError(error))
  }

  answerAbandoned(): void {
    this.#endAnswer()
  }

  #next(): void {
    const { state, targets, around } = this.#upstream
    this.#state = 'picking'
    const index = state.pick(this.#tried, this.#ctx)
    const target = targets[index]
    if (!target) {
      this.#giveUp(this.#noneLeft())
      return
    }
    this.#node = index
    const addresses = around.resolver.resolve(target.node.host)
    if (addresses instanceof Promise) void this.#resolveFirst(target, addresses)
    else this.#try(target, addresses)
  }

  async #resolveFirst(target: Target, asked: Promise<readonly string[]>): Promise<void> {
    let addresses: readonly string[] = []
    try {
      addresses = await asked
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#ctx.log.warn('the name of an upstream node cannot be resolved', {
        upstream: this.#upstream.resourceKey,
        host: target.node.host,
        reason,
      })
    }
    if (this.#state !== 'picking') {
      // The client left meanwhile.
      this.#upstream.state.done(this.#node, undefined)
      return
    }
    if (addresses.length > 0) {
      this.#try(target, addresses)
      return
    }
    // Such a node is left out, which is no try (routing.md §8).
    this.#upstream.state.done(this.#node, undefined)
    this.#tried.push(this.#node)
    this.#unresolved += 1
    if (this.#upstream.targets.length === 1) this.#giveUp(this.#noneLeft())
    else this.#next()
  }

  #try(target: Target, addresses: readonly string[]): void {
    const { request, upstream: record } = this.#ctx
    const { random = Math.random } = this.#upstream.around
    const choice = addresses.length === 1 ? 0 : Math.floor(random() * addresses.length)
    const address = addresses[choice] ?? ''
    const authority = target.authority(address)
    const host = target.host(headerText(request.headers['host']))
    this.#headers ??= requestHeaders(request, this.#upstream.around.trusted, this.#body !== undefined)
    this.#headers[hostAt] = host
    const upgrades = this.#ctx.mayUpgrade && asksForUpgrade(request)
    const headers = upgrades
      ? [...this.#headers, ...upgradeHeaders(request.message.rawHeaders)]
      : this.#headers
    record.scheme = this.#upstream.state.plan.scheme
    record.host = host
    record.uri = this.#path
    record.node = address
    record.unresolvedHost = target.node.host
    this.#attemptAt = performance.now()
    this.#attempt = {
      address: authority,
      node: address,
      startedAt: this.#attemptAt,
      status: 0,
      connectMs: undefined,
      headerMs: undefined,
      responseMs: undefined,
    }
    record.attempts.push(this.#attempt)
    this.#triesLeft -= 1
    this.#state = 'trying'
    const origin = target.origin(authority, host)
    const asked = {
      method: request.method,
      path: this.#path,
      headers,
      body: this.#openBody(),
      timeouts: this.#upstream.timeouts,
    }
    this.#exchange = upgrades ? new UpgradeExchange(origin.options, asked, this) : origin.send(asked, this)
  }

  #openBody(): Buffer | Readable | null {
    return this.#body?.open() ?? this.#ctx.request.body ?? null
  }

  #tryFailed(error: UpstreamError): void {
    const { state, targets } = this.#upstream
    const failure = toGatewayError(error)
    if (this.#attempt) this.#attempt.status = failure.status
    this.#endAttempt(false)
    this.#body?.hold()
    const isStale = this.#exchange?.reused === true && error.failure === 'reset'
    const isFree = isStale && this.#staleTries++ < staleTriesMax
    if (isFree) this.#triesLeft += 1
    const canSend = this.#body?.canStartAgain ?? true
    if (!mayRetry(error, this.#ctx.request.method) || !canSend || this.#triesLeft <= 0) {
      state.health?.report(this.#node, failure.status)
      this.#giveUp(failure)
      return
    }
    if (!isFree) {
      state.health?.report(this.#node, isTimeout(error) ? 'timeout' : 'tcp')
      if (targets.length > 1) this.#tried.push(this.#node)
    }
    if (this.#isTooLate()) this.#giveUp(new GatewayError('retry_deadline', 'no time is left for another try'))
    else this.#next()
  }

  #isOver(): boolean {
    return this.#state === 'over'
  }

  #isTooLate(): boolean {
    const { retryMs } = this.#upstream.state.plan
    return retryMs > 0 && performance.now() - this.#startedAt > retryMs
  }

  /** Nothing could be picked: nobody there at all, or nobody more (routing.md §1, §8.1). */
  #noneLeft(): GatewayError {
    if (this.#unresolved === this.#upstream.targets.length)
      return new GatewayError('no_upstream', 'no valid upstream node')
    return new GatewayError('upstream_refused', 'failed to find valid upstream server')
  }

  #endAttempt(isAnswered: boolean): void {
    const elapsedMs = performance.now() - this.#attemptAt
    const attempt = this.#attempt
    this.#attempt = undefined
    if (!attempt) return
    attempt.responseMs = elapsedMs
    this.#upstream.state.done(this.#node, isAnswered ? elapsedMs : undefined)
  }

  #endAnswer(): void {
    this.#endAttempt(true)
    this.#body?.release()
    this.#state = 'over'
  }

  #giveUp(error: GatewayError): void {
    this.#body?.release()
    this.#state = 'over'
    this.#reject(error)
  }

  #clientLeft(): void {
    if (this.#isOver()) return
    if (this.#answer) this.#answer.abort()
    else if (this.#upgraded) this.#upgraded.destroy()
    else this.#stop(new GatewayError('client_gone', 'the client left'))
  }

  /** The upstream must not take what it got for a whole request: its connection is broken off. */
  #bodyTooLarge(): void {
    if (this.#isOver()) return
    const bytesMax = this.#ctx.request.bodyBytesMax
    const error = new GatewayError('body_too_large', `the body is larger than ${bytesMax} bytes`)
    if (!this.#answer) {
      this.#stop(error)
      return
    }
    this.#exchange?.abort()
    this.#endAnswer()
    this.#answer.finish(error)
  }

  #stop(error: GatewayError): void {
    if (this.#state === 'trying') {
      if (this.#attempt) this.#attempt.status = error.status
      this.#endAttempt(false)
      this.#exchange?.abort()
    }
    this.#giveUp(error)
  }

  #warn(error: UpstreamError): void {
    this.#ctx.log.warn('an upstream failed', {
      upstream: this.#upstream.resourceKey,
      failure: error.failure,
      reason: error.message,
    })
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
