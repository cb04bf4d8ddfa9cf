// What the schema cannot say about consumer quotas.
import { policyComplaint } from '@weir/counters'
import { strategyComplaint } from '../token-quota/token-cost.ts'
import type { Config } from './schema.ts'

export function complaintAbout(config: Config): string | undefined {
  const { instances = [], limit, limit_strategy, cost_expr, policy } = config
  for (const [i, entry] of instances.entries()) {
    const complaint = strategyComplaint(entry.limit_strategy, entry.cost_expr)
    if (complaint !== undefined) return `instances[${i}]: ${complaint}`
    const same = instances.findIndex((other) => isSameAccount(entry, other))
    if (same < i) return `instances[${same}] and instances[${i}] count the same: name '${entry.name}'`
  }
  if (limit !== undefined) {
    const complaint = strategyComplaint(limit_strategy, cost_expr)
    if (complaint !== undefined) return complaint
  }
  return policyComplaint(policy)
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
