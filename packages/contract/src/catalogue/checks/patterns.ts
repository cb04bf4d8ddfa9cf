// Regular expressions in configurations.
import { compilePattern } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'
import { firstOf, itemsOf } from './items.ts'

/** What is wrong with a regular expression; what JavaScript cannot express counts as wrong. */
export function patternComplaint(pattern: unknown): string | undefined {
  try {
    compilePattern(String(pattern))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const checkBlockRules: ConfigCheck = ({ block_rules: rules }) =>
  firstOf(itemsOf(rules), patternComplaint)

export const checkUserAgentRules: ConfigCheck = ({ allowlist, denylist }) =>
  firstOf([...itemsOf(allowlist), ...itemsOf(denylist)], patternComplaint)

/** contract/ai-plugins.md §12.3 */
export const checkPromptPatterns: ConfigCheck = ({ allow_patterns: allow, deny_patterns: deny }) =>
  firstOf(itemsOf(allow), (pattern) => refused('allow', pattern)) ??
  firstOf(itemsOf(deny), (pattern) => refused('deny', pattern))

function refused(list: string, pattern: unknown): string | undefined {
  return patternComplaint(pattern) === undefined ? undefined : `invalid ${list}_pattern: ${String(pattern)}`
}
