// Patterns written for PCRE, matched in time that grows with the text alone: whoever sends the text must not be able
// to choose one that takes for ever. RE2's language is PCRE's without what needs trying out: look-ahead, references
// to groups, possessive quantifiers.
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Loaded with the first pattern: most gateways have none. */
const load = createRequire(import.meta.url)
let engine: typeof RE2JS | undefined

export interface Pattern {
  /** What matching takes at worst grows with this and the length of the text. */
  readonly size: number
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean
}

/** What PCRE has and RE2 has not. */
const unsupported =
  /\((?:\?(?:[=!>|&+\-\d(R]|<[=!]|P[=>]|[a-z]*[Jx]|C)|\*)|\\(?:[1-9]|[gkGKNXC])|(?:[*+?]|\{\d+,?\d*\})\+|\{\d{4,}(?:,\d*)?\}|\{\d+,\d{4,}\}/

/** One pattern that is found where any of them is. Throws SyntaxError for one that cannot be compiled. */
export function compilePatterns(sources: readonly string[]): Pattern {
  return compile(sources.map((source) => `(?:${translate(source)})`).join('|'))
}

/** What is wrong with a pattern: the text of APISIX, and why where it would be right in PCRE; undefined when nothing. */
export function patternComplaint(kind: 'allow' | 'deny', source: string): string | undefined {
  try {
    compile(translate(source))
    return undefined
  } catch {
    const [found] = unsupported.exec(source.replaceAll(quotedOrClass, '')) ?? []
    const reason = found === undefined ? '' : ` (${found} is not supported)`
    return `invalid ${kind}_pattern: ${source}${reason}`
  }
}

const quotedOrClass = /\\\\|\\Q[^]*?(?:\\E|$)|\[\^?\]?(?:\\[^]|\[:\^?\w+:\]|[^\]\\])*\]/g

function compile(source: string): Pattern {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types
  engine ??= (load('re2js') as { RE2JS: typeof RE2JS }).RE2JS
  const compiled = engine.compile(source)
  return { size: compiled.programSize(), test: (text) => compiled.test(text) }
}

/** Escapes, quoted text, where classes begin and end, comments, groups and ends: all in which the languages differ. */
const tokens = /\\(?:Q[^]*?(?:\\E|$)|[^])|\[:\^?\w+:\]|\[\^?\]?|\]|\(\?#[^)]*\)|\((?:\?P?<\w+>|(?!\?|\*))|\$/g

const outside: Readonly<Record<string, string>> = {
  h: '[ \\t]',
  H: '[^ \\t]',
  R: '(?:\\r\\n|[\\n\\v\\f\\r])',
  Z: '(?:\\n?\\z)',
  e: '\\x1b',
  // PCRE counts the vertical tab among spaces.
  s: '[\\s\\x0b]',
  S: '[^\\s\\x0b]',
}
const inside: Readonly<Record<string, string>> = { h: ' \\t', e: '\\x1b', s: '\\s\\x0b' }

function translate(source: string): string {
  // Without (?m) a dollar sign is found before a last line break, too.
  const end = /\(\?[a-z]*m/.test(source) ? '$' : '(?:\\n?\\z)'
  let isClass = false
  return source.replaceAll(tokens, (token) => {
    if (token.startsWith('\\Q')) return literal(token.slice(2).replace(/\\E$/, ''))
    if (token.startsWith('\\')) return (isClass ? inside : outside)[token.slice(1)] ?? token
    if (token.startsWith('[:')) return token
    if (token === ']' || token.startsWith('[')) {
      isClass = isClass ? !token.endsWith(']') : token !== ']'
      return token
    }
    if (isClass) return token
    if (token === '$') return end
    // What groups hold is of no interest, and their names may stand in several patterns.
    return token.startsWith('(?#') ? '' : '(?:'
  })
}

/** Quoted text may go on to the end of a pattern, and must not into the next. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|-]/g, '\\$&')
}
