// Searching texts with a caller's regular expression, which may be one that never ends.
import { createContext, Script } from 'node:vm'
import { compilePattern } from '@weir/contract'

/** A catastrophic expression would stop the whole process; after this time it is given up. */
const SEARCH_MS_MAX = 500

const TIMEOUT_CODE = 'ERR_SCRIPT_EXECUTION_TIMEOUT'

const search = new Script(
  'groups.forEach((group, i) => { found[i] = group.some((text) => pattern.test(text)) })',
)

export type Found =
  | { readonly ok: true; readonly matches: readonly boolean[] }
  | { readonly ok: false; readonly error: string }

/** For each group of texts, whether `pattern` (PCRE) is found in one of them. */
export function searchAll(pattern: string, groups: readonly (readonly string[])[]): Found {
  try {
    const found: boolean[] = []
    const context = createContext({ pattern: compilePattern(pattern), groups, found })
    search.runInContext(context, { timeout: SEARCH_MS_MAX })
    return { ok: true, matches: found }
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, error: error.message }
    if (isTimeout(error))
      return { ok: false, error: `the regular expression takes longer than ${SEARCH_MS_MAX} ms` }
    throw error
  }
}

/** Such an error belongs to the other context, so it is no instance of our Error. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === TIMEOUT_CODE
}
