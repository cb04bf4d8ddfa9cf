// All global rules as one set of plugins (routing.md §6).
import type { ChainEntry } from '../pipeline/types.ts'
import { entriesOf, type Layer, problemOf } from './layer.ts'

/**
 * A plugin that stands in two rules is dropped from all of them; `report` is told its name. A plugin that this
 * build does not run refuses every request, since it may be the one that guards them.
 */
export function globalEntries(
  rules: readonly Layer[],
  report: (plugin: string) => void,
): readonly ChainEntry[] {
  const counts = new Map<string, number>()
  for (const rule of rules) for (const name of rule.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const [name, count] of counts) if (count > 1) report(name)
  const merged: Layer = new Map(rules.flatMap((rule) => [...rule].filter(([name]) => counts.get(name) === 1)))
  const problem = problemOf(merged)
  return problem ? [refuseAll(problem), ...entriesOf(merged)] : entriesOf(merged)
}

function refuseAll(reply: {
  readonly status: number
  readonly body?: string | object | undefined
}): ChainEntry {
  const instance = { rewrite: () => reply }
  const anything = {
    json: {},
    check: () => undefined,
    parse: (value: unknown) => ({ ok: true as const, value }),
  }
  return {
    plugin: {
      name: 'unsupported',
      priority: Number.MAX_SAFE_INTEGER,
      schema: anything,
      create: () => instance,
    },
    meta: undefined,
    instance: () => instance,
  }
}
