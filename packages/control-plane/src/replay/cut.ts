// The beginnings of long answers: a recording keeps about 3000 characters of them, and what is there is compared.

/** A piece of JSON: a mark, a text, a number or a word, with the commas between them dropped. */
const tokens = /[{}[\]:]|"(?:[^"\\]|\\.)*"|[\w.+-]+/g

/**
 * A JSON text that breaks off somewhere, closed where its last whole member ends. Half a text counts as absent.
 * @param beginning without the line end.
 */
export function closeCut(beginning: string): unknown {
  const open: string[] = []
  let whole = ''
  for (const match of beginning.matchAll(tokens)) {
    const [token] = match
    if (token === '{' || token === '[') open.push(token === '{' ? '}' : ']')
    else if (token === '}' || token === ']') open.pop()
    const after = match.index + token.length
    const next = beginning[after]
    // After this token the text could end, if everything open were closed.
    if ((next === ',' || next === '}' || next === ']') && token !== ':')
      whole = beginning.slice(0, after) + open.toReversed().join('')
  }
  return JSON.parse(whole)
}

/** As much of `whole` as `part` has: the same members, and as many items. */
export function cutLike(part: unknown, whole: unknown): unknown {
  if (Array.isArray(part) && Array.isArray(whole))
    return part.map((item, i) => (i < whole.length ? cutLike(item, whole[i]) : 'missing'))
  if (!isObject(part) || !isObject(whole)) return whole
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [
      name,
      Object.hasOwn(whole, name) ? cutLike(value, whole[name]) : 'missing',
    ]),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
