// What every algorithm for choosing a node shares (routing.md §9).

export interface BalancerNode {
  /** `host:port`, or an LLM instance's name: what learned state and hash rings are keyed by. */
  readonly id: string
  readonly weight: number
  /** Higher first; 0 by default. */
  readonly priority?: number | undefined
}

/** The health of the nodes by their position; a HealthView is one. */
export interface NodeHealth {
  isUsable(index: number): boolean
  anyUsable(): boolean
}

export interface Balancer {
  /**
   * The position of the node to use next, or -1 when every node that may be used was tried. Nodes that are not usable
   * are left out, unless none is usable at all. `key` is what chash hashes.
   */
  pick(tried: readonly number[], health: NodeHealth | undefined, key?: string): number
  /**
   * A request that had picked this node is over; `elapsedMs` covers connecting and the whole answer, and is undefined
   * when there was none: a node that refuses quickly is not a fast one.
   */
  done(index: number, elapsedMs: number | undefined): void
}

/** Which nodes one pick may choose from. One object serves all picks of a balancer: picks do not overlap. */
export class Candidates {
  #tried: readonly number[] = []
  #health: NodeHealth | undefined

  set(tried: readonly number[], health: NodeHealth | undefined): this {
    this.#tried = tried
    this.#health = health?.anyUsable() === false ? undefined : health
    return this
  }

  allows(index: number): boolean {
    if (this.#tried.length > 0 && this.#tried.includes(index)) return false
    return this.isUsable(index)
  }

  /** Whether or not it was tried. */
  isUsable(index: number): boolean {
    return this.#health?.isUsable(index) ?? true
  }
}

/** One algorithm over some of the nodes; positions are those of the whole list. */
export interface Algorithm {
  pick(candidates: Candidates, key: string): number
  begin?(index: number): void
  done?(index: number, elapsedMs: number | undefined): void
}

/** A node and its position in the whole list. */
export interface Member {
  readonly index: number
  readonly id: string
  readonly weight: number
}

export function greatestCommonDivisor(weights: readonly number[]): number {
  let divisor = 0
  for (let weight of weights) {
    while (weight > 0) [divisor, weight] = [weight, divisor % weight]
  }
  return divisor
}
