// Of two nodes drawn at random, the one that answered faster lately: exponentially weighted moving averages that forget
// within some tens of seconds. Weights are ignored (routing.md §9).
import type { Algorithm, Candidates, Member } from './balancer.ts'

const decayMs = 10_000
/** An average not fed for so long says nothing any more. */
const forgottenAfterMs = 60_000

interface Average {
  valueMs: number
  touchedAt: number
}

export function createEwma(members: readonly Member[], random: () => number, now: () => number): Algorithm {
  const averages = new Map<number, Average>()
  const allowed: number[] = []

  /** What the node's average has decayed to; 0 for one that is not known, which is thus tried soon. */
  function score(index: number, at: number): number {
    const average = averages.get(index)
    if (!average || at - average.touchedAt > forgottenAfterMs) return 0
    return average.valueMs * Math.exp((average.touchedAt - at) / decayMs)
  }

  function collect(candidates: Candidates): void {
    allowed.length = 0
    for (const { index } of members) if (candidates.allows(index)) allowed.push(index)
  }

  return {
    pick(candidates) {
      collect(candidates)
      const { length } = allowed
      if (length < 2) return allowed[0] ?? -1
      const first = Math.floor(random() * length)
      const second = (first + 1 + Math.floor(random() * (length - 1))) % length
      const one = allowed[first] ?? -1
      const other = allowed[second] ?? -1
      const at = now()
      return score(other, at) < score(one, at) ? other : one
    },
    done(index, elapsedMs) {
      if (elapsedMs === undefined) return
      const at = now()
      const average = averages.get(index)
      if (!average || at - average.touchedAt > forgottenAfterMs) {
        averages.set(index, { valueMs: elapsedMs, touchedAt: at })
        return
      }
      const kept = Math.exp((average.touchedAt - at) / decayMs)
      average.valueMs = average.valueMs * kept + elapsedMs * (1 - kept)
      average.touchedAt = at
    },
  }
}
