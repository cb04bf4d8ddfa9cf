// The counters of a configuration, for those who read and repair them. Sliding windows are two counters each, of which
// neither says what is left.
import { toCounterPolicy } from '@weir/counters'
import type { QuotaFamily, QuotaLimit } from '@weir/plugin-api'
import { limitByRule } from '../token-quota/rule-limits.ts'
import { fixedWindowPrefix } from './counting.ts'
import { counterPrefix } from './limits.ts'
import type { Config } from './schema.ts'

export function familiesOf(config: Config, resourceKey: string): readonly QuotaFamily[] {
  if (config.window_type === 'sliding') return []
  return [
    {
      prefix: fixedWindowPrefix + counterPrefix(config, resourceKey),
      strategy: 'requests',
      policy: toCounterPolicy(config),
      limitOf: config.rules ? limitByRule(config.rules) : () => limitIn(config),
    },
  ]
}

function limitIn({ count, time_window: timeWindow }: Config): QuotaLimit | undefined {
  return count === undefined || timeWindow === undefined ? undefined : { limit: count, timeWindow }
}
