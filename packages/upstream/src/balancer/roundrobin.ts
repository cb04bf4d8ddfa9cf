// Weighted round robin. Each pick raises every candidate by its weight and takes the highest, which pays the sum back:
// in any run of (sum of weights / their divisor) picks each node has exactly its share, without bursts, and leaving a
// node out costs nothing. APISIX cycles by divisor steps instead; the proportions are the same.
import { type Algorithm, Candidates, type Member } from './balancer.ts'

export function createRoundRobin(members: readonly Member[], random: () => number): Algorithm {
  const weighted = members.filter(({ weight }) => weight > 0)
  const credits = weighted.map(() => 0)

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
    if (best < 0) return onlyUsable(members, candidates)
    credits[best] = (credits[best] ?? 0) - total
    return weighted[best]?.index ?? -1
  }

  // Many gateways and workers that start together shall not all begin with the same node.
  const everyone = new Candidates()
  for (let skip = Math.floor(random() * weighted.length); skip > 0; skip--) pick(everyone)

  return { pick }
}

/** The node that is left when all others are unhealthy is taken whatever its weight. -1 when there are more of them. */
function onlyUsable(members: readonly Member[], candidates: Candidates): number {
  const usable = members.filter(({ index }) => candidates.isUsable(index))
  const [only] = usable
  return only && usable.length === 1 && candidates.allows(only.index) ? only.index : -1
}
