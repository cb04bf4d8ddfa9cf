// What is said about one document of a configuration.

/**
 * `runs`: as in APISIX. `differs`: served, but not in every respect as APISIX would. `refused`: requests that need it
 * fail, or nothing here makes use of it.
 */
export type Verdict = 'runs' | 'differs' | 'refused'

/**
 * Why a document cannot be used by anybody who reads it from where we read it:
 * - `invalid`: APISIX would not take it either;
 * - `undecryptable`: the keys at hand are not those that encrypted it;
 * - `withheld`: the source does not show all of it.
 */
export type Fault = 'invalid' | 'undecryptable' | 'withheld'

export interface Assessment {
  readonly verdict: Verdict
  /** Why it is refused. */
  readonly reasons: readonly string[]
  /** What is not as in APISIX. */
  readonly differences: readonly string[]
  /** What does not work as it stands, here as little as in APISIX. */
  readonly notes: readonly string[]
  readonly fault: Fault | undefined
}
