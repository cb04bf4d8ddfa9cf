// The connection of one store to its Redis: made at the first use, made again after a loss, given up when idle.
// While it is down every call fails at once; nothing is ever queued.
import type { Client } from './client.ts'
import { describeFailure, isUnknownScript } from './failure.ts'
import type { CommandArgument, StoreObserver } from '../store.ts'
import type { Script } from './scripts.ts'
import type { Target } from './target.ts'

const REDIAL_FIRST_MS = 50
const REDIAL_MAX_MS = 1_000
/** Keys that a server looks at in one step of a scan: well under a millisecond. */
const SCAN_COUNT = 1_000

export interface ScanStep {
  /** Where the next step goes on; `0` when all keys have been looked at. */
  readonly next: string
  /** Some may come twice. */
  readonly keys: readonly string[]
}

/** A call that failed. `wasSent` when Redis may have carried it out all the same. */
export class LinkError extends Error {
  override readonly name = 'LinkError'
  readonly wasSent: boolean

  constructor(message: string, wasSent: boolean) {
    super(message)
    this.wasSent = wasSent
  }
}

export class RedisLink {
  readonly #target: Target
  readonly #onUp: () => void
  readonly #observer: StoreObserver | undefined
  /** As the observer was told. */
  #isUp: boolean | undefined
  /** Connected, and has answered. */
  #client: Client | undefined
  #attempt: Promise<Client> | undefined
  /** Why it is down; undefined until the first failure and after each success. */
  #failure: string | undefined
  #failures = 0
  #redialTimer: NodeJS.Timeout | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #lastUseAt = 0
  #isClosed = false

  /** `onUp` is called whenever the connection stands, the first time and after each loss. */
  constructor(target: Target, onUp: () => void, observer?: StoreObserver) {
    this.#target = target
    this.#onUp = onUp
    this.#observer = observer
  }

  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send((client) => this.#answer(client, script, keys, args))
  }

  call(command: string, args: readonly CommandArgument[]): Promise<unknown> {
    return this.#send((client) => this.#inTime(client.call(command, args), this.#target.answerTimeoutMs))
  }

  /** One step of a scan through the keys of one of the servers; undefined when there is none at this place. */
  scan(place: number, cursor: string, pattern: string): Promise<ScanStep | undefined> {
    return this.#send(async (client) => {
      const server = client.servers()[place]
      if (!server) return undefined
      const step = server.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
      const [next, keys] = await this.#inTime(step, this.#target.answerTimeoutMs)
      return { next, keys }
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#redialTimer)
    clearTimeout(this.#idleTimer)
    this.#client?.close()
    this.#client = undefined
  }

  async #send<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    this.#lastUseAt = performance.now()
    const client = this.#client ?? (await this.#connected())
    try {
      return await ask(client)
    } catch (error) {
      const { reason, isFinal } = describeFailure(error)
      this.#observer?.failed(this.#target.name)
      if (isFinal && !this.#target.isCluster) this.#lose(client, reason)
      throw new LinkError(`${this.#target.name}: ${reason}`, true)
    }
  }

  async #answer(
    client: Client,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const { answerTimeoutMs } = this.#target
    try {
      return await this.#inTime(client.evalsha(script.sha1, keys, args), answerTimeoutMs)
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return await this.#inTime(client.eval(script.lua, keys, args), answerTimeoutMs)
    }
  }

  /** Waits for the first connection; once one has failed there is nothing to wait for. */
  async #connected(): Promise<Client> {
    if (this.#isClosed) throw new LinkError(`${this.#target.name}: closed`, false)
    if (this.#failure !== undefined) throw new LinkError(`${this.#target.name}: ${this.#failure}`, false)
    try {
      return await (this.#attempt ??= this.#dial())
    } catch {
      throw new LinkError(`${this.#target.name}: ${this.#failure ?? 'closed'}`, false)
    }
  }

  async #dial(): Promise<Client> {
    const client = await this.#target.dial()
    let failure: unknown
    client.onError((error) => (failure ??= error))
    try {
      await this.#inTime(client.open(), this.#target.connectTimeoutMs)
      if (this.#isClosed) throw new Error('closed')
    } catch (error) {
      client.close()
      this.#attempt = undefined
      this.#down(describeFailure(failure ?? error).reason)
      throw error
    }
    this.#attempt = undefined
    this.#client = client
    this.#failure = undefined
    this.#failures = 0
    client.onClose(() => this.#lose(client, 'connection lost'))
    this.#tell(true)
    this.#watchIdle()
    this.#onUp()
    return client
  }

  #lose(client: Client, reason: string): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.close()
    this.#down(reason)
  }

  /** Tries again after a while, for as long as somebody asks. */
  #down(reason: string): void {
    this.#failure = reason
    this.#tell(false)
    if (this.#isClosed) return
    clearTimeout(this.#idleTimer)
    const delayMs = Math.min(REDIAL_FIRST_MS * 2 ** this.#failures++, REDIAL_MAX_MS)
    clearTimeout(this.#redialTimer)
    this.#redialTimer = setTimeout(() => {
      if (this.#isIdle()) this.#failure = undefined
      else {
        this.#attempt = this.#dial()
        this.#attempt.catch(() => {})
      }
    }, delayMs).unref()
  }

  #tell(isUp: boolean): void {
    if (this.#isUp === isUp) return
    this.#isUp = isUp
    this.#observer?.state(this.#target.name, isUp)
  }

  #watchIdle(): void {
    this.#idleTimer = setTimeout(() => {
      if (!this.#isIdle()) return this.#watchIdle()
      const client = this.#client
      this.#client = undefined
      client?.close()
    }, this.#target.idleMs).unref()
  }

  #isIdle(): boolean {
    return performance.now() - this.#lastUseAt > this.#target.idleMs
  }

  /** Rejects after the timeout. An answer that has arrived while this process was busy still counts. */
  #inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        setImmediate(() => reject(Object.assign(new Error('no answer'), { code: 'no answer in time' })))
      }, timeoutMs)
      const inTime =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          clearTimeout(timer)
          settle(value)
        }
      answer.then(inTime(resolve), inTime(reject))
    })
  }
}
