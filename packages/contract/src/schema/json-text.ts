// JSON as APISIX's parser takes it: line breaks and other control characters may stand in a string as they are, which
// is how its documentation writes protos in a shell.

/** @throws SyntaxError, about the text as it was given. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const escaped = escapeControls(text)
    if (escaped === undefined) throw error
    try {
      return JSON.parse(escaped)
    } catch {
      throw error
    }
  }
}

const QUOTE = 34
const BACKSLASH = 92
const BLANK = 32

/** The text with the control characters in its strings escaped, except for NUL; undefined when there are none. */
function escapeControls(text: string): string | undefined {
  const parts: string[] = []
  let isString = false
  let taken = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) isString = !isString
    else if (isString && code === BACKSLASH) at += 1
    else if (isString && code < BLANK && code > 0) {
      parts.push(text.slice(taken, at), `\\u${code.toString(16).padStart(4, '0')}`)
      taken = at + 1
    }
  }
  return taken === 0 ? undefined : parts.join('') + text.slice(taken)
}
