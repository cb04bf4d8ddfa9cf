// Posts events to an operator's address, one after the other, as often as it takes within reason.
import type { Logger } from '../types.ts'

/** The part of an HTTP client that is needed; `@weir/upstream` has one. */
export interface WebhookHttp {
  call(call: {
    readonly url: string
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly timeoutMs: number
    readonly maxResponseBytes: number
    readonly verifyCertificate: boolean
  }): Promise<{ readonly status: number }>
}

export interface WebhookOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly http: WebhookHttp
  readonly log: Logger
  /** Milliseconds before the second try, 1000 by default; doubled for each further one, up to a minute. */
  readonly firstPauseMs?: number | undefined
  readonly longestPauseMs?: number | undefined
}

export interface Webhook {
  post(event: object): void
  /** Events not yet delivered, the one under way included. */
  readonly waiting: number
  /** Gives up what waits. */
  close(): void
}

const timeoutMs = 5000
const queueMax = 1000
/** With the default pauses about ten minutes. */
const triesMax = 15
const answerBytesMax = 64 * 1024

export function createWebhook(options: WebhookOptions): Webhook {
  const { url, headers, http, log, firstPauseMs = 1000, longestPauseMs = 60_000 } = options
  const queue: string[] = []
  let working = false
  let closed = false
  let endPause: (() => void) | undefined

  /** Undefined when it was delivered, else what went wrong. The address is not named: it may hold a secret. */
  async function attempt(body: string): Promise<string | undefined> {
    try {
      const { status } = await http.call({
        url,
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': 'weir', ...headers },
        body,
        timeoutMs,
        maxResponseBytes: answerBytesMax,
        verifyCertificate: true,
      })
      return status >= 200 && status < 300 ? undefined : `status ${status}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  async function deliver(body: string): Promise<void> {
    let pauseMs = firstPauseMs
    for (let tries = 1; ; tries++) {
      // One event at a time, so that they arrive in their order.
      const problem = await attempt(body)
      if (problem === undefined || closed) return
      if (tries === triesMax) {
        log.error('an alert could not be delivered and is given up', { reason: problem, tries })
        return
      }
      if (tries === 1) log.warn('an alert could not be delivered yet', { reason: problem })
      await pause(pauseMs)
      if (closed) return
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function work(): Promise<void> {
    working = true
    for (let body = queue[0]; body !== undefined; body = queue[0]) {
      await deliver(body)
      queue.shift()
    }
    working = false
  }

  return {
    post(event) {
      if (closed) return
      if (queue.length >= queueMax) {
        // The first one is under way; the next oldest makes room for the newest.
        queue.splice(1, 1)
        log.error('too many alerts wait for delivery, the oldest is dropped', { waiting: queueMax })
      }
      queue.push(JSON.stringify(event))
      if (!working) void work()
    },
    get waiting() {
      return queue.length
    },
    close() {
      closed = true
      queue.length = 0
      endPause?.()
    },
  }
}
