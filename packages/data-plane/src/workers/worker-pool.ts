// Worker threads that listen on the same ports. One that ends unexpectedly is started again.
import type { StoreChange } from '@weir/config-store'
import { type Alerts, type Logger, mergeSnapshots, type MetricsSnapshot } from '@weir/telemetry'
import type { SecretRegistry } from '@weir/secrets'
import type { HealthRegistry } from '@weir/upstream'
import { assertFree, type ListenAddress } from '../server/index.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { Crew } from './crew.ts'
import { type Feed, toChanges } from './feed.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'
import type { Applied } from './serving.ts'
import { startWorker, type WorkerHandle } from './worker-handle.ts'

export interface WorkerPoolOptions {
  readonly count: number
  readonly setup: WorkerSetup
  readonly addresses: readonly ListenAddress[]
  readonly feed: Feed
  readonly health: HealthRegistry
  readonly secrets: SecretRegistry
  readonly alerts: Alerts
  /** After each step of a worker's configuration. */
  readonly onApplied: () => void
  readonly log: Logger
}

const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 10_000
/** A worker that lived this long was not in trouble from its start. */
const STABLE_MS = 60_000
/** A worker that does not tell its metrics in time is counted as it was the last time. */
const COLLECT_MS = 1000

const nothingApplied: Applied = { isLoaded: false, revision: 0, rejected: [] }

/** One place in the pool; workers come and go. */
interface Member {
  readonly index: number
  handle: WorkerHandle
  startedAt: number
  restartMs: number
  applied: Applied
  snapshot: MetricsSnapshot
  /** Whoever waits for the next message of a kind. */
  readonly waiting: Set<(message: FromWorker | 'gone') => void>
}

export class WorkerPool implements Crew {
  readonly #options: WorkerPoolOptions
  readonly #members: Member[] = []
  #addresses: readonly ListenAddress[]
  #setup: WorkerSetup
  /** What workers had counted that are no more. */
  #past: MetricsSnapshot = {}
  #closing = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#addresses = options.addresses
    this.#setup = options.setup
  }

  get applied(): readonly Applied[] {
    return this.#members.map(({ applied }) => applied)
  }

  async listen(): Promise<readonly ListenAddress[]> {
    const { count } = this.#options
    await assertFree(this.#addresses)
    // Where the system chooses a port the first worker finds out which, and the others take the same.
    const alone = this.#addresses.some(({ port }) => port === 0) ? 1 : count
    const first = Array.from({ length: alone }, (_, index) => this.#hire(index))
    const [bound = []] = await Promise.all(first.map((member) => this.#listening(member)))
    this.#addresses = bound
    const others = Array.from({ length: count - alone }, (_, i) => this.#hire(alone + i))
    await Promise.all(others.map((member) => this.#listening(member)))
    return bound
  }

  apply(changes: readonly StoreChange[], revision: number): void {
    this.#tell({ kind: 'apply', changes, revision })
  }

  enablePlugins(enabledPlugins: readonly string[] | undefined): void {
    this.#setup = { ...this.#setup, enabledPlugins }
    this.#tell({ kind: 'plugins', enabled: enabledPlugins })
  }

  async collect(): Promise<readonly MetricsSnapshot[]> {
    const told = this.#members.map(async (member) => {
      member.handle.post({ kind: 'collect' })
      await this.#hear(member, (message) => message === 'gone' || message.kind === 'metrics', COLLECT_MS)
    })
    await Promise.all(told)
    return [this.#past, ...this.#members.map(({ snapshot }) => snapshot)]
  }

  collectGarbage(): void {
    collectGarbage()
    this.#tell({ kind: 'collect-garbage' })
  }

  reopenLogs(): void {
    this.#tell({ kind: 'reopen' })
  }

  async drain(timeoutMs: number): Promise<number> {
    this.#closing = true
    const cuts = this.#members.map(async (member) => {
      member.handle.post({ kind: 'drain', timeoutMs })
      const last = await this.#hear(member, (message) => message === 'gone' || message.kind === 'drained')
      return typeof last === 'object' && last.kind === 'drained' ? last.cut : 0
    })
    return (await Promise.all(cuts)).reduce((sum, cut) => sum + cut, 0)
  }

  cut(): void {
    this.#tell({ kind: 'cut' })
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#members.map(({ handle }) => handle.end()))
  }

  #hire(index: number): Member {
    const member: Member = {
      index,
      handle: this.#start(index),
      startedAt: performance.now(),
      restartMs: RESTART_MS_MIN,
      applied: nothingApplied,
      snapshot: {},
      waiting: new Set(),
    }
    this.#members[index] = member
    this.#instruct(member)
    return member
  }

  #start(index: number): WorkerHandle {
    const { health, secrets } = this.#options
    const start = { ...this.#setup, index, addresses: this.#addresses }
    return startWorker(start, health, secrets, {
      message: (message) => this.#receive(index, message),
      failed: (reason) => this.#options.log.error('a worker failed', { worker: index, reason }),
      gone: (code) => this.#gone(index, code),
    })
  }

  #instruct({ handle }: Member): void {
    const { feed } = this.#options
    if (feed.loaded) {
      handle.post({ kind: 'apply', changes: toChanges(feed.entries), revision: feed.revision })
    }
    handle.post({ kind: 'listen' })
  }

  #receive(index: number, message: FromWorker): void {
    const member = this.#members[index]
    if (!member) return
    if (message.kind === 'applied') {
      member.applied = message
      this.#options.onApplied()
    } else if (message.kind === 'metrics') member.snapshot = message.snapshot
    else if (message.kind === 'alert') this.#options.alerts.raise(message.alert, message.sinceMs)
    else if (message.kind === 'failed') {
      this.#options.log.error('a worker cannot listen', { worker: index, reason: message.reason })
      // Ended here, it is started again after a pause.
      void member.handle.end()
    }
    for (const hear of member.waiting) hear(message)
  }

  #gone(index: number, code: number): void {
    const member = this.#members[index]
    if (!member) return
    for (const hear of member.waiting) hear('gone')
    if (this.#closing) return
    this.#past = mergeSnapshots([this.#past, member.snapshot])
    member.snapshot = {}
    member.applied = nothingApplied
    const isStable = performance.now() - member.startedAt > STABLE_MS
    member.restartMs = isStable ? RESTART_MS_MIN : Math.min(2 * member.restartMs, RESTART_MS_MAX)
    this.#options.log.error('a worker ended and is started again', {
      worker: index,
      code,
      pause_ms: member.restartMs,
    })
    setTimeout(() => this.#restart(member), member.restartMs)
  }

  #restart(member: Member): void {
    if (this.#closing) return
    member.handle = this.#start(member.index)
    member.startedAt = performance.now()
    this.#instruct(member)
  }

  async #listening(member: Member): Promise<readonly ListenAddress[]> {
    const message = await this.#hear(
      member,
      (one) => one === 'gone' || one.kind === 'listening' || one.kind === 'failed',
    )
    if (typeof message === 'object' && message.kind === 'listening') return message.addresses
    const reason =
      typeof message === 'object' && message.kind === 'failed' ? message.reason : 'a worker ended'
    throw new Error(reason)
  }

  /** The next message that is wanted; undefined after `timeoutMs`. */
  #hear(
    { waiting }: Member,
    isWanted: (message: FromWorker | 'gone') => boolean,
    timeoutMs?: number,
  ): Promise<FromWorker | 'gone' | undefined> {
    return new Promise((resolve) => {
      const end = (message: FromWorker | 'gone' | undefined) => {
        waiting.delete(hear)
        clearTimeout(timer)
        resolve(message)
      }
      const hear = (message: FromWorker | 'gone') => {
        if (isWanted(message)) end(message)
      }
      const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, undefined)
      waiting.add(hear)
    })
  }

  #tell(message: ToWorker): void {
    for (const { handle } of this.#members) handle.post(message)
  }
}
