// What an answer cost.

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
  /** The provider's own object, for cost expressions. */
  raw: Readonly<Record<string, unknown>> | undefined
}
