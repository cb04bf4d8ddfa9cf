// Weighted round robin. Each pick raises every candidate by its weight and takes the highest, which pays the sum back:
// in any run of (sum of weights / their divisor) picks each node has exactly its share, without bursts, and leaving a
// node out costs nothing. APISIX cycles by divisor steps instead; the proportions are the same.
import { type Algorithm, Candidates, type Member } from './balancer.ts'

export function createRoundRobin(members: readonly Member[], random: () => number): Algorithm {
  const weighted = members.filter(({ weight }) => weight > 0)
  const credits = weighted.map(() => 0)
  const unweighted = members.filter(({ weight }) => weight === 0)

  function pick(candidates: Candidates): number {
    let best = -1
    let total = 0
    for (let i = 0; i < weighted.length; i++) {
      const member = weighted[i]
      if (!member || !candidates.allows(member.index)) continue
      const credit = (credits[i] ?? 0) + member.weight
      credits[i] = credit
      total += member.weight
      if (best < 0 || credit > (credits[best] ?? 0)) best = i
    }
    if (best < 0) return pickUnweighted(candidates)
    credits[best] = (credits[best] ?? 0) - total
    return weighted[best]?.index ?? -1
  }

  let turn = Math.floor(random() * unweighted.length)

  /** Nodes of weight 0 take equal turns when no other node is usable, as in APISIX. */
  function pickUnweighted(candidates: Candidates): number {
    if (weighted.some(({ index }) => candidates.isUsable(index))) return -1
    for (let i = 0; i < unweighted.length; i++) {
      const next = (turn + i) % unweighted.length
      const index = unweighted[next]?.index ?? -1
      if (!candidates.allows(index)) continue
      turn = (next + 1) % unweighted.length
      return index
    }
    return -1
  }

  // Many gateways and workers that start together shall not all begin with the same node.
  const everyone = new Candidates()
  for (let skip = Math.floor(random() * weighted.length); skip > 0; skip--) pick(everyone)

  return { pick }
}
