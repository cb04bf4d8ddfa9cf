// A bound on how much happens at once.

/** Runs `work` when fewer than `countMax` others given to it are running, in the order of the calls. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

export function createInTurn(countMax: number): InTurn {
  const waiting: (() => void)[] = []
  let running = 0

  return async (work) => {
    if (running < countMax) running += 1
    // Whoever ends hands over its place, so `running` stays.
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
