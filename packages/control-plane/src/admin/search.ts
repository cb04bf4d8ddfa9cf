// Searching texts with a caller's regular expression, which may be one that never ends.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createContext, Script, type Context } from 'node:vm'
import { compilePattern } from '@weir/contract'

/** A catastrophic expression would stop the whole process; after this time, in all, it is given up. */
const SEARCH_MS_MAX = 500
/** The longest that others wait for their turn. */
const TURN_MS_MAX = 25
const GROUPS_PER_TURN = 1_000

const TIMEOUT_CODE = 'ERR_SCRIPT_EXECUTION_TIMEOUT'

const search = new Script('groups.map((group) => group.some((text) => pattern.test(text)))')

export type Found =
  | { readonly ok: true; readonly matches: readonly boolean[] }
  | { readonly ok: false; readonly error: string }

/** For each group of texts, whether `pattern` (PCRE) is found in one of them. */
export async function searchAll(pattern: string, groups: readonly (readonly string[])[]): Promise<Found> {
  const compiled = compile(pattern)
  if (typeof compiled === 'string') return { ok: false, error: compiled }
  const place: { groups: unknown; pattern: RegExp } = { groups: [], pattern: compiled }
  const context = createContext(place)
  const matches: boolean[] = []
  let spentMs = 0
  for (let size = GROUPS_PER_TURN; matches.length < groups.length;) {
    if (spentMs > 0) await nextTurn()
    place.groups = groups.slice(matches.length, matches.length + size)
    const startedAtMs = performance.now()
    const found = searchOnce(context)
    spentMs += performance.now() - startedAtMs
    if (found !== undefined) matches.push(...found)
    // Perhaps only the machine is busy: what is too slow is tried again with fewer texts.
    else size = Math.floor(size / 2)
    if (size === 0 || spentMs > SEARCH_MS_MAX)
      return { ok: false, error: `the regular expression takes longer than ${SEARCH_MS_MAX} ms` }
  }
  return { ok: true, matches }
}

/** The expression, or the complaint about it. */
function compile(pattern: string): RegExp | string {
  try {
    return compilePattern(pattern)
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    throw error
  }
}

/** Undefined when it takes too long. */
function searchOnce(context: Context): boolean[] | undefined {
  try {
    // An array of the other context is none of ours.
    const found: Iterable<boolean> = search.runInContext(context, { timeout: TURN_MS_MAX })
    return [...found]
  } catch (error) {
    if (isTimeout(error)) return undefined
    throw error
  }
}

/** Such an error belongs to the other context, so it is no instance of our Error. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === TIMEOUT_CODE
}
