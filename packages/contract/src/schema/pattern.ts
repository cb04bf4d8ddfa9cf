// Regular expressions: configuration is written for PCRE, and we run JavaScript's engine.

const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
  word: '\\w',
  cntrl: '\\x00-\\x1f\\x7f',
  print: ' -~',
  graph: '!-~',
}

/** PCRE escapes that JavaScript lacks. Inside a class only the horizontal blank has a meaning. */
const escapes: Readonly<Record<string, string>> = {
  A: '^',
  z: '$',
  Z: '(?=\\n?$)',
  h: '[ \\t]',
  H: '[^ \\t]',
  R: '(?:\\r\\n|[\\n\\v\\f\\r])',
  a: '\\x07',
  e: '\\x1b',
}
const sameEscapes = new Set('bBdDwWsStnrvfcxukpP')
const tokens =
  /\\(?:Q([\s\S]*?)(?:\\E|$)|[\s\S])|\(\?P(?:<(\w+)>|=(\w+)\)|>(\w+)\))|\[:(\^?)(\w+):\]|\[\^?\]?|\]|\(\?#[^)]*\)|(?:[*+?]|\{\d+(?:,\d*)?\})\+/g

/**
 * Compiles a PCRE pattern, unanchored, as APISIX matches (contract/routing.md §4, admin-api.md §8).
 * What JavaScript would silently read differently is refused.
 * @param flags JavaScript's flags, such as `i`.
 * @throws SyntaxError when the pattern is wrong, or uses what JavaScript cannot express.
 */
export function compilePattern(pattern: string, flags = ''): RegExp {
  const inline = /^\(\?([imsx]+)\)/.exec(pattern)
  const body = inline === null ? pattern : pattern.slice(inline[0].length)
  if (inline?.[1]?.includes('x')) throw unsupported(pattern, 'the flag x')
  const source = translate(body, pattern)
  const unicode = /\\[pP]\{/.test(source) ? 'u' : ''
  // As flags of the whole: V8 does not find a B by `(?i:c|[ab])`.
  return new RegExp(source, [...new Set(flags + (inline?.[1] ?? '') + unicode)].join(''))
}

function translate(body: string, pattern: string): string {
  let inClass = false
  return body.replaceAll(tokens, (token, quoted, name, backName, callName, negated, posix) => {
    if (token.startsWith('\\')) return translateEscape(token, quoted, inClass, pattern)
    if (token.startsWith('[:')) return inClass ? posixClass(negated, posix, pattern) : token
    if (token.startsWith('[')) {
      if (inClass) return token.replace('[', '\\[')
      inClass = true
      return token.replace(']', '\\]') // PCRE: a bracket that comes first is a member of the class
    }
    if (token === ']') {
      inClass = false
      return token
    }
    if (inClass) return token
    if (token.startsWith('(?#')) return ''
    if (name !== undefined) return `(?<${name}>`
    if (backName !== undefined) return `\\k<${backName}>`
    if (callName !== undefined) throw unsupported(pattern, 'recursion')
    throw unsupported(pattern, 'possessive quantifiers')
  })
}

function translateEscape(token: string, quoted: string | undefined, inClass: boolean, pattern: string) {
  const letter = token.charAt(1)
  if (letter === 'Q') return (quoted ?? '').replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  if (!/[a-zA-Z]/.test(letter) || sameEscapes.has(letter)) return token
  if (inClass && letter === 'h') return ' \\t'
  const translated = escapes[letter]
  if (translated === undefined || (inClass && letter !== 'a' && letter !== 'e')) {
    throw unsupported(pattern, `\\${letter}`)
  }
  return translated
}

function posixClass(negated: string, name: string, pattern: string): string {
  const members = posixClasses[name]
  if (members === undefined || negated !== '') throw unsupported(pattern, `[:${negated}${name}:]`)
  return members
}

function unsupported(pattern: string, what: string): SyntaxError {
  return new SyntaxError(`invalid regular expression ${pattern}: ${what} is not supported`)
}
