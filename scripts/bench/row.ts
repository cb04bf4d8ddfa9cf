// One line of the table of costs: how it is measured, and what is allowed.
import type { Target } from './target.ts'

export interface Bench {
  readonly directory: string
  readonly upstreamPort: number
  readonly rounds: number
  /** Length of one measurement under load. */
  readonly seconds: number
  /** Smaller numbers of routes and streams, for a look rather than a verdict. */
  readonly quick: boolean
  /** Started at the first use and shared by the rows that need no fresh process. */
  nginx(): Promise<Target>
  weir(): Promise<Target>
  /** A gateway of one's own, to be stopped by the caller. */
  freshWeir(): Promise<import('./weir.ts').WeirTarget>
  freshNginx(): Promise<Target>
}

export interface Measured {
  readonly weir: readonly number[]
  /** What it is compared with: nginx, unless the row says otherwise. */
  readonly reference?: readonly number[]
  readonly note?: string
}

export interface Row {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** At most so many times the reference, or at most so much in the row's unit. */
  readonly must: { readonly times: number } | { readonly atMost: number }
  run(bench: Bench): Promise<Measured>
}

/** Measures the targets in turn, round after round, so that what drifts on the machine drifts for all. */
export async function interleave<T>(
  rounds: number,
  targets: readonly T[],
  measure: (target: T) => Promise<number>,
): Promise<number[][]> {
  const values: number[][] = targets.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, target] of targets.entries()) values[i]?.push(await measure(target))
  }
  return values
}
