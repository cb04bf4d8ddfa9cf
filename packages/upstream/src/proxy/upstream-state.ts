// What lives on behind an upstream document while requests come and edits go: its balancer and its health.
import { isDeepStrictEqual } from 'node:util'
import type { Upstream } from '@weir/contract'
import { type Balancer, createBalancer, type InFlight } from '../balancer/index.ts'
import type { Origins } from '../client/index.ts'
import type { HealthView, HealthWanted } from '../health/index.ts'
import { createPlan, healthWanted, type Plan } from './plan.ts'
import { bracketed, Target } from './target.ts'
import type { ForwardContext } from './types.ts'
import type { CompiledUpstreamsOptions } from './compiled-upstreams.ts'

export type AcquireHealth = (wanted: HealthWanted) => HealthView

/** As nginx.conf of APISIX has it (etcd.md §9). */
const keepAliveDefault = { connections: 320, idleMs: 60_000, requests: 1000 }

export class UpstreamState {
  readonly plan: Plan
  readonly #origins: Origins
  readonly #acquire: AcquireHealth | undefined
  readonly #wanted: HealthWanted | undefined
  readonly #balancer: Balancer | undefined
  readonly #inFlight: InFlight
  /** By connect timeout: routes that share an upstream may differ in it. */
  readonly #targets = new Map<number, readonly Target[]>()
  #view: HealthView | undefined
  #isOver = false

  /** `before`: the state under the same key, which this one succeeds; what the edit left alone goes on. */
  constructor(
    resourceKey: string,
    upstream: Upstream,
    { origins, health, keepAlive = keepAliveDefault }: CompiledUpstreamsOptions,
    before: UpstreamState | undefined,
  ) {
    const plan = createPlan(upstream, keepAlive)
    this.plan = plan
    this.#origins = origins
    this.#acquire = health
    this.#wanted = healthWanted(resourceKey, plan)
    this.#inFlight = before ? before.#inFlight : new Map()
    const isSame = before && balancesAlike(before.plan, plan)
    this.#balancer = isSame ? before.#balancer : openBalancer(plan, this.#inFlight)
    this.#view = before?.passView(this.#wanted)
  }

  targets(connectTimeoutMs: number): readonly Target[] {
    let targets = this.#targets.get(connectTimeoutMs)
    if (!targets) {
      targets = this.plan.nodes.map((node) => new Target(node, this.plan, this.#origins, connectTimeoutMs))
      this.#targets.set(connectTimeoutMs, targets)
    }
    return targets
  }

  /** Checking begins with the first request (routing.md §10.3). */
  get health(): HealthView | undefined {
    if (this.#view || !this.#wanted || this.#isOver) return this.#view
    this.#view = this.#acquire?.(this.#wanted)
    return this.#view
  }

  /** The node to try next, or -1. A single node is taken again and again, whatever its health. */
  pick(tried: readonly number[], ctx: ForwardContext): number {
    const { nodes, hashKey } = this.plan
    if (nodes.length > 1) return this.#balancer?.pick(tried, this.health, hashKey?.(ctx)) ?? -1
    this.#balancer?.pick([], undefined)
    return 0
  }

  /** What `pick` began is over; `elapsedMs` is undefined when the node gave no answer. */
  done(index: number, elapsedMs: number | undefined): void {
    this.#balancer?.done(index, elapsedMs)
  }

  /** Requests under way go on and still read the verdicts. */
  release(): void {
    this.#isOver = true
    this.#view?.release()
  }

  /** To a successor; a view of other targets is held anew before this one is given back, so that its checker stays. */
  passView(wanted: HealthWanted | undefined): HealthView | undefined {
    this.#isOver = true
    const view = this.#view
    if (!view || isDeepStrictEqual(wanted, this.#wanted)) return view
    const next = wanted && this.#acquire?.(wanted)
    view.release()
    return next
  }
}

function balancesAlike(a: Plan, b: Plan): boolean {
  return a.balancerType === b.balancerType && isDeepStrictEqual(a.nodes, b.nodes)
}

function openBalancer({ balancerType, nodes }: Plan, inFlight: InFlight): Balancer | undefined {
  if (balancerType === undefined) return undefined
  const members = nodes.map(({ host, port, weight, priority }) => ({
    id: `${bracketed(host)}:${port}`,
    weight,
    priority,
  }))
  return createBalancer(balancerType, members, { inFlight })
}
