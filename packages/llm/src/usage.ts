// What an answer cost.
import type { JsonObject } from './protocols/protocol.ts'

/** The tokens of one request. Missing counts are 0, as in the contract's variables (ai-plugins.md §9). */
export interface Usage {
  promptTokens: number
  completionTokens: number
  totalTokens: number
  cacheReadTokens: number
  cacheCreationTokens: number
  reasoningTokens: number
}

/** How the number came about: from the provider, from the delivered text, or there was nothing to account. */
export type UsageSource = 'reported' | 'estimated' | 'none'

export interface UsageReport extends Usage {
  source: UsageSource
  /** Whether the answer ended before the provider could report: the client left, or the stream broke or was cut. */
  interrupted: boolean
  /** The provider's own object, for cost expressions. */
  raw: Readonly<Record<string, unknown>> | undefined
}

/** Of a request that an upstream did not answer, or answered with an error. */
export const noUsage: Readonly<UsageReport> = Object.freeze({
  promptTokens: 0,
  completionTokens: 0,
  totalTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
  reasoningTokens: 0,
  source: 'none',
  interrupted: false,
  raw: undefined,
})

export function estimatedUsage(
  promptTokens: number,
  completionTokens: number,
  interrupted: boolean,
): UsageReport {
  const totalTokens = promptTokens + completionTokens
  return { ...noUsage, promptTokens, completionTokens, totalTokens, source: 'estimated', interrupted }
}

/**
 * The usage of a stream so far and one more report of it (ai-plugins.md §6.6): the first is taken whole, later
 * positive numbers win one by one, and the total is never less than its parts.
 */
export function mergeUsage(soFar: UsageReport | undefined, next: UsageReport): UsageReport {
  if (!soFar) return withWholeTotal({ ...next })
  const merged: UsageReport = { ...soFar, raw: { ...soFar.raw, ...positive(next.raw) } }
  for (const field of fields) if (next[field] > 0) merged[field] = next[field]
  return withWholeTotal(merged)
}

const fields = [
  'promptTokens',
  'completionTokens',
  'totalTokens',
  'cacheReadTokens',
  'cacheCreationTokens',
  'reasoningTokens',
] as const satisfies readonly (keyof Usage)[]

function withWholeTotal(usage: UsageReport): UsageReport {
  usage.totalTokens = Math.max(usage.totalTokens, usage.promptTokens + usage.completionTokens)
  return usage
}

function positive(raw: JsonObject | undefined): JsonObject {
  return Object.fromEntries(
    Object.entries(raw ?? {}).filter(([, value]) => (typeof value === 'number' ? value > 0 : value != null)),
  )
}
