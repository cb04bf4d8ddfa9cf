// Sorts the plugins of a route by priority and groups them by phase: once per configuration, never per request.
import type { CompiledExpr } from '@weir/contract'
import type { PluginInstance, QuotaSource } from '@weir/plugin-api'
import { isBodyVariable } from './body-variables.ts'
import type { ChainEntry } from './types.ts'

/** One plugin's turn in a phase. */
export interface Step {
  readonly name: string
  readonly instance: PluginInstance
  readonly filter: CompiledExpr | undefined
  readonly errorResponse: string | object | undefined
}

/** The plugins of a request by phase. Global rules come first in every phase (routing.md §6). */
export interface Chain {
  readonly rewrite: readonly Step[]
  /** Rewrite of plugins that only the consumer brought; run once after authentication. */
  readonly rewriteInConsumer: readonly Step[]
  readonly access: readonly Step[]
  readonly proxy: Step | undefined
  readonly llmResponse: readonly Step[]
  readonly headerFilter: readonly Step[]
  readonly stage: readonly Step[]
  readonly tap: readonly Step[]
  readonly log: readonly Step[]
  readonly quotas: readonly QuotaSource[]
  /** Whether some filter asks for variables of the request's body. */
  readonly readsBody: boolean
}

/**
 * `base` is the chain that has already run its rewrite phase, when a consumer's plugins join in: what it
 * did not hold gets its rewrite in `rewriteInConsumer`.
 */
export function buildChain(
  globalEntries: readonly ChainEntry[],
  routeEntries: readonly ChainEntry[],
  base?: readonly ChainEntry[],
): Chain {
  const onRoute = new Set(routeEntries.map((entry) => entry.plugin.name))
  const global = globalEntries.filter(
    (entry) => !(entry.plugin.preferRoute && onRoute.has(entry.plugin.name)),
  )
  const steps = [...sort(global), ...sort(routeEntries)].map(toStep)
  const known = base && new Set(base.map((entry) => entry.plugin.name))
  const added = new Set(
    known
      ? routeEntries.filter((entry) => !known.has(entry.plugin.name) && entry.plugin.type !== 'auth')
      : [],
  )
  const withHook = (hook: Hook): readonly Step[] => steps.filter(takesPart(hook))
  return {
    rewrite: steps.filter((step) => takesPart('authenticate')(step) || takesPart('rewrite')(step)),
    rewriteInConsumer: sort([...added])
      .map(toStep)
      .filter(takesPart('rewrite')),
    access: withHook('access'),
    proxy: withHook('proxy')[0],
    llmResponse: withHook('llmResponse'),
    headerFilter: withHook('headerFilter'),
    stage: withHook('stage'),
    tap: withHook('tap'),
    log: withHook('log'),
    quotas: steps.flatMap(({ instance }) => instance.quota ?? []),
    readsBody: steps.some(({ filter }) => filter?.variables.some(isBodyVariable)),
  }
}

type Hook = Exclude<keyof PluginInstance, 'quota' | 'dispose'>

function takesPart(hook: Hook): (step: Step) => boolean {
  return ({ instance }) => instance[hook] !== undefined
}

function sort(entries: readonly ChainEntry[]): readonly ChainEntry[] {
  return entries.toSorted((a, b) => priorityOf(b) - priorityOf(a))
}

function priorityOf({ plugin, meta }: ChainEntry): number {
  return meta?.priority ?? plugin.priority
}

function toStep(entry: ChainEntry): Step {
  return {
    name: entry.plugin.name,
    instance: entry.instance(),
    filter: entry.meta?.filter,
    errorResponse: entry.meta?.errorResponse,
  }
}
