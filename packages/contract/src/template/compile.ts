// Var templates: texts with variables in them, as plugin options have them (contract/routing.md §5).

import type { Lookup } from '../expr/compile.ts'

export interface CompiledTemplate {
  /** The text with every variable replaced; an unknown one is its default, or empty. */
  render(lookup: Lookup): string
  /** How many variables have a value, from the request or as a default. */
  countResolved(lookup: Lookup): number
  /** Whether the template may have become this text, by whatever values. */
  mayRender(text: string): boolean
  /** The names of the variables, each once. */
  readonly variables: readonly string[]
  /** Whether there is no variable, so that the text is always the same. */
  readonly isConstant: boolean
}

interface Variable {
  readonly name: string
  readonly otherwise: string | undefined
}

// A backslash before the dollar sign protects it, and stays. So does a reference to a secret that was not found.
const variablePattern = /(?<!\\)\$(?!(?:secret|env):\/\/)(?:\{\s*([^}]+?)\s*\}|([\w.]+))/g

/** Compiles `$name`, `${name}` and `${name ?? default}`. Every text is a template; there are no errors. */
export function compileTemplate(text: string): CompiledTemplate {
  const parts: (string | Variable)[] = []
  let end = 0
  for (const match of text.matchAll(variablePattern)) {
    if (match.index > end) parts.push(text.slice(end, match.index))
    const [name = '', otherwise] = (match[1] ?? match[2] ?? '').split(/\s*\?\?\s*/)
    parts.push({ name, otherwise })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push(text.slice(end))
  const variables = parts.filter((part) => typeof part !== 'string')

  return {
    render(lookup) {
      let result = ''
      for (const part of parts) result += typeof part === 'string' ? part : valueOf(part, lookup)
      return result
    },
    countResolved(lookup) {
      let count = 0
      for (const { name, otherwise } of variables) {
        if (otherwise !== undefined || (lookup(name) ?? undefined) !== undefined) count += 1
      }
      return count
    },
    mayRender: (made) => mayBecome(parts, made),
    variables: [...new Set(variables.map(({ name }) => name))],
    isConstant: variables.length === 0,
  }
}

/** The first and the last part stand at the ends, the others follow one another in between. */
function mayBecome(parts: readonly (string | Variable)[], text: string): boolean {
  let at = 0
  for (const [i, part] of parts.entries()) {
    if (typeof part !== 'string') continue
    const isLast = i === parts.length - 1
    const found = i === 0 ? 0 : isLast ? text.length - part.length : text.indexOf(part, at)
    if (found < at || !text.startsWith(part, found)) return false
    at = found + part.length
  }
  return at === text.length || typeof parts.at(-1) === 'object'
}

function valueOf(variable: Variable, lookup: Lookup): string {
  const value = lookup(variable.name) ?? variable.otherwise ?? ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
