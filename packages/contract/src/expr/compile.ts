// The expression language of `vars`, `_meta.filter` and plugin rules (contract/routing.md §4).

import { compileComparison, isOperator } from './operators.ts'

/** The value of a variable; `undefined` when it is absent. Variables of nginx's are texts, also when digits. */
export type Lookup = (name: string) => unknown

export interface CompiledExpr {
  evaluate(lookup: Lookup): boolean
  /** The names that evaluation may look up, each once. */
  readonly variables: readonly string[]
}

export type ParsedExpr =
  | ({ readonly ok: true } & CompiledExpr)
  | { readonly ok: false; readonly error: string }

type Test = (lookup: Lookup) => boolean

/** Carries a complaint out of the recursion; never leaves this file. */
class Complaint extends Error {}

const logic: Readonly<Record<string, (tests: readonly Test[]) => Test>> = {
  AND: all,
  OR: any,
  '!AND': (tests) => not(all(tests)),
  '!OR': (tests) => not(any(tests)),
}

/**
 * Compiles an expression. Evaluating it allocates nothing. An empty list is always true.
 * Regular expressions that cannot be compiled are complaints too, where APISIX would never match.
 */
export function compileExpr(rule: unknown): ParsedExpr {
  if (!Array.isArray(rule)) return { ok: false, error: 'rule should be wrapped inside brackets' }
  const variables = new Set<string>()
  if (rule.length === 0) return { ok: true, evaluate: () => true, variables: [] }
  if (!Array.isArray(rule[0]) && logicOf(rule[0]) === undefined) {
    return { ok: false, error: 'rule should be wrapped inside brackets' }
  }
  try {
    const evaluate = compileRule(rule, variables)
    return { ok: true, evaluate, variables: [...variables] }
  } catch (error) {
    if (error instanceof Complaint) return { ok: false, error: error.message }
    throw error
  }
}

function logicOf(word: unknown): ((tests: readonly Test[]) => Test) | undefined {
  if (typeof word !== 'string') return undefined
  const name = word.toUpperCase()
  return Object.hasOwn(logic, name) ? logic[name] : undefined
}

function compileRule(rule: unknown, variables: Set<string>): Test {
  if (!Array.isArray(rule)) throw new Complaint('invalid expression')
  if (rule.length === 0) throw new Complaint('rule too short')
  if (Array.isArray(rule[0])) return all(rule.map((part) => compileRule(part, variables)))
  const combine = logicOf(rule[0])
  if (combine === undefined) return compileOne(rule, variables)
  if (rule.length <= 2) throw new Complaint('rule too short')
  return combine(rule.slice(1).map((part) => compileRule(part, variables)))
}

/** One comparison: `[var, op, value]`, `[var, "!", op, value]` or `[var, value]`. */
function compileOne(rule: readonly unknown[], variables: Set<string>): Test {
  const negated = rule.length === 4
  if (negated && rule[1] !== '!') throw new Complaint("bad 'not' expression")
  const [name, word, value] = negated ? [rule[0], rule[2], rule[3]] : rule
  const operator = typeof word === 'string' ? word.toLowerCase() : word
  if (typeof name !== 'string' || word === undefined || word === null)
    throw new Complaint('invalid expression')
  if (rule.length === 2 && !isOperator(operator)) return comparison(name, '==', word, false, variables)
  if (!isOperator(operator)) throw new Complaint(`invalid operator '${describe(operator)}'`)
  return comparison(name, operator, value, negated, variables)
}

function comparison(
  name: string,
  op: string,
  value: unknown,
  negated: boolean,
  variables: Set<string>,
): Test {
  const compare = compileComparison(op, value)
  if (typeof compare === 'string') throw new Complaint(compare)
  variables.add(name)
  return negated ? (lookup) => !compare(lookup(name)) : (lookup) => compare(lookup(name))
}

function all(tests: readonly Test[]): Test {
  const [only] = tests
  if (only !== undefined && tests.length === 1) return only
  return (lookup) => {
    for (const test of tests) if (!test(lookup)) return false
    return true
  }
}

function any(tests: readonly Test[]): Test {
  return (lookup) => {
    for (const test of tests) if (test(lookup)) return true
    return false
  }
}

function not(test: Test): Test {
  return (lookup) => !test(lookup)
}

function describe(operator: unknown): string {
  return typeof operator === 'string' ? operator : JSON.stringify(operator)
}
