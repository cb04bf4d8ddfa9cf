// One checker on the main thread: the targets of one name, their probes, and what came of them. A changed definition
// replaces checks and targets; targets that survive it keep their state.
import { setMaxListeners } from 'node:events'
import type { LookupFunction } from 'node:net'
import { probeHost, probeRequest } from './probe-request.ts'
import { type Probe, type ProbeResult, runProbe } from './probe.ts'
import { activeRules } from './rules.ts'
import { type HealthEvent, isUsable } from './state-machine.ts'
import { TargetRecord, targetKey } from './target-record.ts'
import { Ticker } from './ticker.ts'
import type { Placement } from './verdict-view.ts'
import type { VerdictTable } from './verdict-table.ts'
import type { HealthWanted } from './view.ts'

/** How long a target that is no longer wanted is remembered, in case it comes back (routing.md §10.3). */
export const forgottenAfterMs = 10_000
const probeTimeoutMsDefault = 1000

export interface Transition {
  readonly wanted: HealthWanted
  /** host:port. */
  readonly target: string
  readonly healthy: boolean
  readonly reason: string
}

export interface CheckerSurroundings {
  readonly table: VerdictTable
  readonly lookup: LookupFunction | undefined
  onTransition(transition: Transition): void
}

export class Checker {
  readonly #around: CheckerSurroundings
  readonly #version: number | undefined
  readonly #targets = new Map<string, TargetRecord>()
  readonly #stop = new AbortController()
  readonly #queue: TargetRecord[] = []
  #wanted: HealthWanted
  readonly #probing = { healthy: new Ticker(), unhealthy: new Ticker() }
  #running = 0

  constructor(wanted: HealthWanted, around: CheckerSurroundings) {
    this.#around = around
    this.#version = around.table.allocateVersion()
    this.#wanted = wanted
    setMaxListeners(0, this.#stop.signal)
    this.redefine(wanted)
  }

  get wanted(): HealthWanted {
    return this.#wanted
  }

  get targets(): Iterable<TargetRecord> {
    return this.#targets.values()
  }

  placementOf(wanted: HealthWanted): Placement {
    return {
      slots: wanted.targets.map((target) => this.#targets.get(targetKey(target))?.slot),
      version: this.#version,
    }
  }

  /** A passive report, judged already by its own rules. */
  report(wanted: HealthWanted, index: number, event: HealthEvent, limit: number): void {
    const target = wanted.targets[index]
    const record = target && this.#targets.get(targetKey(target))
    if (record) this.#apply(record, event, limit, `reported ${event}`)
  }

  stop(): void {
    this.#probing.healthy.stop()
    this.#probing.unhealthy.stop()
    this.#queue.length = 0
    this.#stop.abort()
    for (const record of this.#targets.values()) record.dispose()
    this.#targets.clear()
    if (this.#version !== undefined) this.#around.table.free(this.#version)
  }

  /** Takes over a new definition of the same name. */
  redefine(wanted: HealthWanted): void {
    this.#wanted = wanted
    const now = performance.now()
    for (const record of this.#targets.values()) record.forgetAt ??= now + forgottenAfterMs
    for (const target of wanted.targets) {
      const key = targetKey(target)
      const known = this.#targets.get(key)
      if (known) known.forgetAt = undefined
      else this.#targets.set(key, new TargetRecord(target, this.#around.table))
    }
    const { healthy, unhealthy } = wanted.checks.active
    // An absent class is not probed (routing.md §10.1).
    this.#probing.healthy.every(healthy?.interval, () => this.#probeAll(true))
    this.#probing.unhealthy.every(unhealthy?.interval, () => this.#probeAll(false))
  }

  #probeAll(usable: boolean): void {
    this.#forget()
    for (const record of this.#targets.values()) {
      // One that is still being probed or waits for its turn is not probed twice at once.
      if (record.probing || record.forgetAt !== undefined || isUsable(record.state) !== usable) continue
      record.probing = true
      this.#queue.push(record)
    }
    this.#startQueued()
  }

  #startQueued(): void {
    const limit = Math.max(1, this.#wanted.checks.active.concurrency)
    while (this.#running < limit) {
      const record = this.#queue.shift()
      if (!record) return
      if (record.forgetAt !== undefined) {
        record.probing = false
        continue
      }
      this.#running++
      void this.#probe(record)
    }
  }

  async #probe(record: TargetRecord): Promise<void> {
    const wanted = this.#wanted
    const result = await runProbe(this.#probeOf(wanted, record), this.#stop.signal)
    record.probing = false
    this.#running--
    if (this.#stop.signal.aborted) return
    this.#judge(wanted, record, result)
    this.#startQueued()
  }

  #probeOf(wanted: HealthWanted, { target }: TargetRecord): Probe {
    const { active } = wanted.checks
    const tls = active.type !== 'tcp' && (wanted.tls || active.type === 'https')
    return {
      host: target.host,
      port: active.port ?? target.port,
      lookup: this.#around.lookup,
      timeoutMs: active.timeout > 0 ? active.timeout * 1000 : probeTimeoutMsDefault,
      ...(tls && {
        tls: {
          serverName: probeHost(wanted, target).replace(/:\d+$/, ''),
          verifyCertificate: active.https_verify_certificate,
        },
      }),
      ...(active.type !== 'tcp' && { request: probeRequest(wanted, target) }),
    }
  }

  #judge(wanted: HealthWanted, record: TargetRecord, { outcome, reason }: ProbeResult): void {
    const rules = activeRules(wanted.checks)
    const event = outcome === 'connected' ? 'success' : rules.eventOf(outcome)
    record.lastProbe = { at: Date.now(), result: event ?? 'ignored', reason }
    if (event !== undefined) this.#apply(record, event, rules.limitOf(event), reason)
  }

  #apply(record: TargetRecord, event: HealthEvent, limit: number, reason: string): void {
    if (!record.apply(event, limit)) return
    if (this.#version !== undefined) this.#around.table.bumpVersion(this.#version)
    const { host, port } = record.target
    this.#around.onTransition({
      wanted: this.#wanted,
      target: `${host}:${port}`,
      healthy: isUsable(record.state),
      reason,
    })
  }

  #forget(): void {
    const now = performance.now()
    for (const [key, record] of this.#targets) {
      if (record.forgetAt === undefined || record.forgetAt > now || record.probing) continue
      record.dispose()
      this.#targets.delete(key)
    }
  }
}
