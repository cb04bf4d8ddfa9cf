// The node with the fewest requests in flight for its weight: the lowest (in flight + 1) / weight (routing.md §9).
import type { Algorithm, Member } from './balancer.ts'

/** Requests in flight by node id. It outlives the balancer, so that a changed node list keeps the counts. */
export type InFlight = Map<string, number>

export function createLeastConn(members: readonly Member[], inFlight: InFlight): Algorithm {
  const byIndex = new Map(members.map((member) => [member.index, member]))
  // Where the next search begins, so that equal nodes take turns.
  let cursor = 0

  function add(index: number, change: number): void {
    const id = byIndex.get(index)?.id
    if (id === undefined) return
    const count = (inFlight.get(id) ?? 0) + change
    if (count > 0) inFlight.set(id, count)
    else inFlight.delete(id)
  }

  return {
    pick(candidates) {
      let best: Member | undefined
      let lowest = Infinity
      const { length } = members
      for (let step = 0; step < length; step++) {
        const member = members[(cursor + step) % length]
        if (!member || !candidates.allows(member.index)) continue
        // Of weight 0: when there is nobody else.
        const score = ((inFlight.get(member.id) ?? 0) + 1) / member.weight
        if (!best || score < lowest) {
          lowest = score
          best = member
        }
      }
      cursor = (cursor + 1) % (length || 1)
      return best?.index ?? -1
    },
    begin: (index) => add(index, 1),
    done: (index) => add(index, -1),
  }
}
