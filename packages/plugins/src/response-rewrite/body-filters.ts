// Replacing parts of a body by regular expressions.
import { compilePattern } from '@weir/contract'

export interface FilterConfig {
  readonly regex: string
  readonly replace: string
  readonly scope: string
  readonly options: string
}

export type BodyFilter = (text: string) => string

/** OpenResty's options that mean the same here; `j`, `o` and `a` others: the first two only say how it is done. */
const flags: Readonly<Record<string, string>> = { i: 'i', m: 'm', s: 's', u: 'u', j: '', o: '' }

/** @throws Error for what is no regular expression, or an option that there is not here. */
export function compileFilters(filters: readonly FilterConfig[]): BodyFilter {
  const steps = filters.map(({ regex, replace, scope, options }) => {
    const compiled = compilePattern(regex, flagsOf(options))
    const pattern = new RegExp(
      compiled.multiline ? compiled.source : endOfText(compiled.source),
      compiled.flags + (scope === 'global' ? 'g' : ''),
    )
    const replacement = compileReplacement(replace)
    return (text: string) => text.replace(pattern, (...match) => replacement(match))
  })
  return (text) => steps.reduce((changed, step) => step(changed), text)
}

function flagsOf(options: string): string {
  return [...new Set(options)]
    .map((option) => {
      const flag = flags[option]
      if (flag === undefined) throw new Error(`unknown flag "${option}" (flags "${options}")`)
      return flag
    })
    .join('')
}

/** PCRE's `$` also matches before a line end that is the text's last character, as most bodies have one. */
function endOfText(source: string): string {
  return source.replaceAll(/\\[^]|\[(?:\\[^]|[^\]\\])*\]|\$/g, (token) =>
    token === '$' ? '(?=\\n?$)' : token,
  )
}

/** `$1`, `${1}`, `$0` for all that matched, `$$` for the sign itself. */
function compileReplacement(text: string): (match: readonly unknown[]) => string {
  const parts = [...text.matchAll(/\$(?:(\$)|(\d+)|\{(\d+)\})|[^$]+|\$/g)].map(
    ([all, dollar, plain, braced]) => {
      if (dollar !== undefined) return '$'
      const group = plain ?? braced
      return group === undefined ? all : Number(group)
    },
  )
  return (match) => parts.map((part) => (typeof part === 'string' ? part : textOf(match[part]))).join('')
}

function textOf(group: unknown): string {
  return typeof group === 'string' ? group : ''
}
