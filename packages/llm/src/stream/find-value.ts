// Looks for values behind a key in JSON without parsing it. What it finds is a hint, not a fact: a key may also stand
// inside a string (though there its quotes are escaped, so that it hardly ever does).
//
// The text is the bytes read as Latin-1: one character for each byte, so lengths are bytes. Searching such a string is
// several times cheaper than searching a Buffer, whose every search is a call out of JavaScript.
import type { StreamMarks } from '../protocols/protocol.ts'

const SPACE = 0x20
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b

/** Whether some occurrence of `key` is followed by a value that starts with the character `first`. */
export function hasValueStartingWith(text: string, key: string, first: number): boolean {
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length)) {
    if (text.charCodeAt(valueStart(text, at + key.length)) === first) return true
  }
  return false
}

export function hasTextValue(text: string, key: string): boolean {
  return hasValueStartingWith(text, key, QUOTE)
}

/** The key of the parts that this event's text comes in, when it comes in parts. */
export function partMark(text: string, { text: key, textOfPart }: StreamMarks): string | undefined {
  return textOfPart !== undefined && hasValueStartingWith(text, key, BRACKET) ? textOfPart : undefined
}

/** The bytes of all strings behind a key; a string that goes on in the next chunk counts as far as it is here. */
export function bytesOfText(text: string, key: string): number {
  let sum = 0
  let at = text.indexOf(key)
  while (at >= 0) {
    const start = valueStart(text, at + key.length)
    const end = text.charCodeAt(start) === QUOTE ? stringEnd(text, start) : start
    if (end > start) sum += end - start - 1
    at = text.indexOf(key, end)
  }
  return sum
}

/** The place of the closing quote of the string that opens at `start`; the text's end when it is not there. */
function stringEnd(text: string, start: number): number {
  let at = start + 1
  for (;;) {
    at = text.indexOf('"', at)
    if (at < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
    at++
  }
}

function valueStart(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== COLON && code !== SPACE) return at
    at++
  }
}
