// What the schema cannot say about consumer quotas.
import { strategyComplaint } from '../token-quota/token-cost.ts'
import type { Config } from './schema.ts'

export function complaintAbout(config: Config): string | undefined {
  const { instances = [], limit, limit_strategy, cost_expr } = config
  for (const [i, entry] of instances.entries()) {
    const complaint = strategyComplaint(entry.limit_strategy, entry.cost_expr)
    if (complaint !== undefined) return `instances[${i}]: ${complaint}`
    const same = instances.findIndex((other) => isSameAccount(entry, other))
    if (same < i) return `instances[${same}] and instances[${i}] count the same: name '${entry.name}'`
  }
  return limit === undefined ? undefined : strategyComplaint(limit_strategy, cost_expr)
}

type Entry = NonNullable<Config['instances']>[number]

/** The same name may stand twice with different strategies, or with windows of different length. */
function isSameAccount(one: Entry, other: Entry): boolean {
  return (
    one.name === other.name &&
    one.limit_strategy === other.limit_strategy &&
    (one.limit_strategy !== 'expression' || one.cost_expr === other.cost_expr) &&
    one.time_window === other.time_window
  )
}
