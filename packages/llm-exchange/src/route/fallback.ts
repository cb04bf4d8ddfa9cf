// When another instance is tried (contract/ai-plugins.md §8.2).
import type { Attempt } from '../attempt/attempt.ts'
import type { Failure } from '../attempt/failure.ts'
import type { FallbackSettings } from '../settings.ts'

export interface FallbackRules {
  /** Before the first attempt, when quotas refuse the picked instance. */
  readonly onQuota: boolean
  /** Upstream statuses that count as failures besides 429 and 5xx. */
  readonly statuses: ReadonlySet<number>
  /** Whether a failed attempt may be followed by another; `retries` is how many there were. */
  mayRetry(attempt: Attempt, failure: Failure, retries: number): boolean
}

export function createFallbackRules(settings: FallbackSettings): FallbackRules {
  const { fallback_strategy: strategy, max_retries: retriesMax = Infinity } = settings
  const wanted = new Set(typeof strategy === 'string' ? [strategy] : strategy)
  const on429 = wanted.has('http_429')
  const on5xx = wanted.has('http_5xx')
  const statuses = new Set(settings.fallback_http_statuses)
  const withinMs = settings.retry_on_failure_within_ms ?? Infinity

  return {
    onQuota: wanted.has('instance_health_and_rate_limiting') || wanted.has('rate_limiting'),
    statuses,
    mayRetry(attempt, { status, isFinal }, retries) {
      if (isFinal) return false
      const isWanted =
        (on429 && status === 429) || (on5xx && status >= 500 && status <= 599) || statuses.has(status)
      return isWanted && attempt.endedMs <= withinMs && retries < retriesMax
    },
  }
}
