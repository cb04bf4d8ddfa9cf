// The stream of one answer on its way from the LLM service to the client: watched, and converted where it must be.
import type { GatewayError } from '@weir/contract'
import {
  type ClientProtocol,
  FrameWatch,
  type JsonObject,
  type ReplyConversion,
  StreamConverter,
  StreamWatch,
  type Watch,
} from '@weir/llm'
import type { ByteSink, RequestContext } from '@weir/plugin-api'

export class AnswerStream {
  readonly watch: Watch
  readonly #converter: StreamConverter | undefined
  /** Whether it can be told from its events that it is complete. */
  readonly #saysItsEnd: boolean
  /** Answers that must be finished in a stream that is complete. */
  readonly #answers: number
  #sink: ByteSink | undefined = undefined
  /** What came before the client's side took the stream. */
  #held: Buffer[] = []
  #breakage: GatewayError | undefined = undefined

  /** `target` is what the LLM service speaks, `body` the client's request; a framed stream is one of Amazon's frames. */
  constructor(
    target: ClientProtocol,
    body: JsonObject,
    reply: ReplyConversion | undefined,
    isFramed: boolean,
    wantsText: boolean,
  ) {
    this.watch = isFramed ? new FrameWatch(target, wantsText) : new StreamWatch(target, wantsText)
    this.#converter = reply && new StreamConverter(reply.stream(), isFramed)
    this.#saysItsEnd = isFramed || target.marks !== undefined
    // A converted request asks for one answer.
    this.#answers = reply ? 1 : target.answersWanted(body)
  }

  /** What the client gets of a chunk: the same events, or what they are converted to; without broken ones. */
  push(chunk: Buffer): Buffer {
    const events = this.watch.push(chunk)
    return this.#converter ? this.#converter.push(events, this.watch.done) : events
  }

  /** Whether a whole event came last, but for the blank line behind it: some servers leave it out. */
  get lacksBlankLine(): boolean {
    return /^data:/m.test(this.watch.rest.toString('latin1'))
  }

  /** The last bytes of a stream that ended without saying so. */
  end(): Buffer {
    return this.#converter ? this.#converter.end() : this.watch.rest
  }

  /**
   * No marker of the end is needed where every answer said that it is finished. `unsaid` is the verdict on streams of
   * unknown protocols: they say nothing, but the connection itself ended well or broke.
   */
  looksComplete(unsaid: boolean): boolean {
    if (!this.#saysItsEnd) return unsaid
    const { done, finished } = this.watch
    return done || (finished > 0 && finished >= this.#answers)
  }

  /** The client's side takes the stream: first what came before it was ready. */
  start(sink: ByteSink, isOver: boolean): void {
    this.#sink = sink
    const held = this.#held
    this.#held = []
    for (const bytes of held) sink.chunk(bytes)
    if (this.#breakage) sink.fail(this.#breakage)
    else if (isOver) sink.end()
  }

  pass(bytes: Buffer | undefined): void {
    if (!bytes || bytes.length === 0) return
    if (this.#sink) this.#sink.chunk(bytes)
    else this.#held.push(bytes)
  }

  finish(): void {
    this.#sink?.end()
  }

  /** Tells the client that what it has is not all: by an event, and by breaking the connection off. */
  breakOff(event: string | Buffer, error: GatewayError): void {
    // What is converted is passed on in whole events.
    const isWhole = this.#converter !== undefined || this.watch.betweenEvents
    if (typeof event === 'string') {
      if (event !== '') this.pass(Buffer.from(isWhole ? event : `\n\n${event}`))
    }
    // Behind half a frame nothing could be read.
    else if (isWhole) this.pass(event)
    this.#breakage = error
    this.#sink?.fail(error)
  }

  reportBroken(log: RequestContext['log'], instance: string): void {
    const { brokenEvents: events } = this.watch
    if (events > 0) log.warn('broken events of a stream were left out', { instance, events })
  }
}
