// Where strings and numbers of JSON end (RFC 8259 §6, §7). The text is the bytes read as Latin-1, as in find-value.ts:
// every byte of a character beyond ASCII may stand in a string, as that character may.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const U = 0x75
/** What may stand behind a backslash, besides `u`. */
const escapes = '"\\/bfnrt'

/** The place of the quote that ends the string whose first character is at `from`; -1 when it is not valid. */
export function stringEnd(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) {
      at = escapeEnd(text, at + 1)
      if (at < 0) return -1
    } else if (code >= SPACE) at++
    else return -1
  }
}

function escapeEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== U) return at < text.length && escapes.includes(text.charAt(at)) ? at + 1 : -1
  for (let i = 1; i <= 4; i++) if (!isHex(text.charCodeAt(at + i))) return -1
  return at + 5
}

/** The place behind the number that begins at `from`; -1 when there is none. */
export function numberEnd(text: string, from: number): number {
  let at = text.charCodeAt(from) === MINUS ? from + 1 : from
  at = text.charCodeAt(at) === ZERO ? at + 1 : digitsEnd(text, at)
  if (at >= 0 && text.charCodeAt(at) === POINT) at = digitsEnd(text, at + 1)
  if (at < 0 || !isExponent(text.charCodeAt(at))) return at
  const sign = text.charCodeAt(at + 1)
  return digitsEnd(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1)
}

function digitsEnd(text: string, from: number): number {
  let at = from
  while (isDigit(text.charCodeAt(at))) at++
  return at > from ? at : -1
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function isExponent(code: number): boolean {
  return code === 0x65 || code === 0x45
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)
}
