// Splits a cost expression into tokens.

export type Token =
  | { readonly kind: 'number'; readonly text: string; readonly value: number }
  /** Names and the words `and`, `or`, `not`, `true`, `false`, `nil`. */
  | { readonly kind: 'name'; readonly text: string }
  /** `text` is empty at the end. */
  | { readonly kind: 'symbol'; readonly text: string }

const pattern =
  /\s*(?:(?<number>0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*)|(?<symbol>[<>=~]=|[-+*/%^<>().,]))/y

/** Lua's: to the end of the line, or of `--[[` to `]]`. There are no texts in which they could be something else. */
const comments = /--(?:\[(=*)\[[^]*?\]\1\]|(?!\[=*\[)[^\n]*)/g

export function createCostTokens(source: string, complain: (message: string) => Error): readonly Token[] {
  const text = source.replace(comments, ' ')
  const tokens: Token[] = []
  const end = text.trimEnd().length
  pattern.lastIndex = 0
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex
    const groups = pattern.exec(text)?.groups
    if (!groups) throw complain(`unexpected symbol near '${text.slice(at).trim().slice(0, 10)}'`)
    const { number, name, symbol } = groups
    if (number !== undefined) {
      if (/[\w.]/.test(text.charAt(pattern.lastIndex))) throw complain(`malformed number near '${number}'`)
      tokens.push({ kind: 'number', text: number, value: Number(number) })
    } else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'symbol', text: symbol! })
  }
  tokens.push({ kind: 'symbol', text: '' })
  return tokens
}
