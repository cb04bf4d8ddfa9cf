// Which origins are allowed: a list of them, `*` for any without credentials, `**` for any, or patterns.
import { compilePattern } from '@weir/contract'

/** The value of the header that allows `origin`, or undefined. */
export type Allow = (origin: string | undefined) => string | undefined

/** Characters of an origin that is looked at; clients choose it. */
const originLengthMax = 2048

export function allowList(text: string): Allow {
  if (text === '*') return () => '*'
  if (text === '**') return (origin) => origin ?? '*'
  const listed = new Set(text.split(','))
  return (origin) => (origin !== undefined && listed.has(origin) ? origin : undefined)
}

/** @throws SyntaxError for what is no regular expression. */
export function allowPatterns(patterns: readonly string[]): Allow {
  const compiled = patterns.map((pattern) => compilePattern(pattern))
  return (origin) => {
    if (origin === undefined || origin.length > originLengthMax) return undefined
    return compiled.some((pattern) => pattern.test(origin)) ? origin : undefined
  }
}

/** As the metadata's lists of these names do. Whoever is allowed is told its own origin, also by `*`. */
export function allowNamed(
  names: readonly string[],
  lists: Readonly<Record<string, unknown>> | undefined,
): Allow {
  const allowed = names.flatMap((name) => {
    const list = lists && Object.hasOwn(lists, name) ? lists[name] : undefined
    return typeof list === 'string' ? [allowList(list)] : []
  })
  return (origin) => (allowed.some((allow) => allow(origin) !== undefined) ? origin : undefined)
}
