// How Lua prints values: APISIX's complaints quote them so, and clients compare complaints.

/** The word for a value's type. JSON's null is a `userdata` there, an absent value is `nil`. */
export function luaType(value: unknown): string {
  if (value === undefined) return 'nil'
  if (value === null) return 'userdata'
  return typeof value === 'object' ? 'table' : typeof value
}

/** A string as `%q` prints it in LuaJIT. */
export function luaQuote(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replaceAll(/["\\\n]|[\x00-\x1f\x7f](\d?)/g, (match, digit: string | undefined) => {
    if (digit === undefined) return `\\${match}`
    const code = String(match.charCodeAt(0))
    return `\\${digit === '' ? code : code.padStart(3, '0')}${digit}`
  })
  return `"${escaped}"`
}

/** A number as `%.14g` prints it, which is what `tostring` does. */
export function luaNumber(value: number): string {
  const rounded = Number(value.toPrecision(14))
  const size = Math.abs(rounded)
  if (size !== 0 && (size < 1e-4 || size >= 1e14)) {
    return rounded.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return String(rounded)
}
