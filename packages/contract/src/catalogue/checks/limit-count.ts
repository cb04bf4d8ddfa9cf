// limit-count and those that limit as it does (contract/common-plugins.md §3.1). That all members of a group have the
// same configuration is not seen here: it takes the other documents, as the Admin API does.
import { isJsonObject, type JsonObject } from '../../schema/index.ts'
import type { ComplaintWording, ConfigCheck } from './check.ts'
import { itemsOf } from './items.ts'

export const checkLimitCount: ConfigCheck = (config) => {
  const { rules, count, time_window, group } = config
  if (rules !== undefined) {
    if (count !== undefined || time_window !== undefined) return bothWays
    if (group !== undefined) return 'group and rules cannot be specified at the same time'
  }
  return repeatedKey(rules) ?? badInterval(config)
}

const bothWays = 'count/time_window and rules cannot be specified at the same time'

/** The schema, too, complains of both ways at once, and APISIX says it in these words. */
export const wordLimitCount: ComplaintWording = ({ rules, count, time_window: window }, complaint) => {
  const isBoth = rules !== undefined && (count !== undefined || window !== undefined)
  return isBoth && complaint.includes('value should match only one schema') ? bothWays : complaint
}

function repeatedKey(rules: unknown): string | undefined {
  const seen = new Set<unknown>()
  for (const rule of itemsOf(rules)) {
    if (!isJsonObject(rule)) continue
    if (seen.has(rule['key'])) return `duplicate key '${String(rule['key'])}' in rules`
    seen.add(rule['key'])
  }
  return undefined
}

/** The least time in seconds between two synchronisations with the shared counter. */
const INTERVAL_MIN = 0.1
const EVERY_REQUEST = -1

/** Counters of one node are never synchronised, so nothing is asked of an interval there. */
function badInterval({
  policy,
  sync_interval: interval,
  time_window: window,
}: JsonObject): string | undefined {
  if (policy === 'local' || typeof interval !== 'number' || interval === EVERY_REQUEST) return undefined
  if (interval < INTERVAL_MIN) return `sync_interval should not be smaller than ${INTERVAL_MIN}`
  if (typeof window !== 'number' || interval < window) return undefined
  return 'sync_interval should be smaller than time_window'
}
