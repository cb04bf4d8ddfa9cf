// The client's body on its way to the upstream: read from the client only as fast as the upstream takes it, and not at
// all before there is a connection. Its beginning is kept where it may be wanted for another try.
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { ForwardRequest } from './types.ts'

/** Of a body of which more than this was read nothing is kept, and the request is not tried again. */
const keptBytesMax = 65_536

/** Whether a body follows the request's head (RFC 9112 §6.3). */
export function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}

export class RequestBody {
  readonly #request: ForwardRequest
  readonly #tooLarge: () => void
  #kept: Buffer[] | undefined
  #keptBytes = 0
  #stream: BodyStream | undefined = undefined
  #isRead = false
  #isComplete = false

  /**
   * `keeps`: whether the body may be wanted once more after some of it was sent. `tooLarge` is called when it turns out
   * longer than may be; nothing of it is delivered any more then.
   */
  constructor(request: ForwardRequest, keeps: boolean, tooLarge: () => void) {
    this.#request = request
    this.#tooLarge = tooLarge
    this.#kept = keeps ? [] : undefined
  }

  /** Whether another try can have all of it. */
  get canStartAgain(): boolean {
    return !this.#isRead || this.#kept !== undefined
  }

  /** The whole body for one try; the stream of the try before gets no more. */
  open(): Readable {
    const stream = new BodyStream(this)
    this.#stream = stream
    return stream
  }

  /** What was read so far, for a stream that begins. */
  replay(stream: BodyStream): void {
    for (const chunk of this.#kept ?? []) stream.push(chunk)
    if (this.#isComplete) stream.push(null)
  }

  /** `stream` has room. */
  more(stream: BodyStream): void {
    if (stream !== this.#stream || this.#isComplete) return
    const { message } = this.#request
    if (!this.#isRead) {
      this.#isRead = true
      // That the client left is told by the request's context.
      message.on('data', this.#onData).on('end', this.#onEnd).on('error', ignore)
    }
    message.resume()
  }

  /** No try is under way: nothing is read. */
  hold(): void {
    this.#stream = undefined
    if (this.#isRead && !this.#isComplete) this.#request.message.pause()
  }

  /**
   * All is over. A rest that nobody wants is read away, as node:http does by itself with a body that was never
   * touched, so that the client gets to its answer.
   */
  release(): void {
    this.#stream = undefined
    this.#kept = undefined
    if (!this.#isRead) return
    const { message } = this.#request
    message.off('data', this.#onData).off('end', this.#onEnd)
    if (!this.#isComplete) message.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    const request = this.#request
    request.bodyBytes += chunk.length
    if (request.bodyBytesMax > 0 && request.bodyBytes > request.bodyBytesMax) {
      this.#giveUp()
      return
    }
    if (this.#kept) this.#keep(this.#kept, chunk)
    if (!this.#stream?.push(chunk)) this.#request.message.pause()
  }

  readonly #onEnd = (): void => {
    this.#isComplete = true
    this.#stream?.push(null)
  }

  /** Nobody reads on: the connection is closed with the answer. */
  #giveUp(): void {
    const { message } = this.#request
    message.off('data', this.#onData).off('end', this.#onEnd).pause()
    this.#isComplete = true
    this.#stream = undefined
    this.#tooLarge()
  }

  #keep(kept: Buffer[], chunk: Buffer): void {
    this.#keptBytes += chunk.length
    if (this.#keptBytes > keptBytesMax) this.#kept = undefined
    else kept.push(chunk)
  }
}

/** One try's view of the body. Ending it early, as undici does when an exchange fails, leaves the client alone. */
class BodyStream extends Readable {
  readonly #body: RequestBody
  #isBegun = false

  constructor(body: RequestBody) {
    super()
    this.#body = body
  }

  override _read(): void {
    if (!this.#isBegun) {
      this.#isBegun = true
      this.#body.replay(this)
    }
    this.#body.more(this)
  }
}

function ignore(): void {}
