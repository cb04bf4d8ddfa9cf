// Which rule an account belongs to, by the key that a request made of it: the rules of one configuration share what
// their accounts' keys begin with.
import { compileTemplate } from '@weir/contract'
import type { QuotaLimit } from '@weir/plugin-api'

interface Rule {
  readonly key: string
  readonly count: number | string
  readonly time_window: number | string
}

export function limitByRule(rules: readonly Rule[]): (key: string) => QuotaLimit | undefined {
  const limits = rules.map(({ key, count: limit, time_window: timeWindow }) => ({
    key: compileTemplate(key),
    limit: { limit, timeWindow },
  }))
  return (key) => {
    const meant = limits.filter((one) => one.key.mayRender(key))
    return meant.length === 1 ? meant[0]!.limit : undefined
  }
}
