// Looks for values behind a key in bytes of JSON without parsing them. What it finds is a hint, not a fact: a key
// may also stand inside a string (though there its quotes are escaped, so that it hardly ever does).

const SPACE = 0x20
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether some occurrence of `key` is followed by a value that starts with `first`. */
export function hasValueStartingWith(bytes: Buffer, key: Buffer, first: number): boolean {
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + key.length)) {
    if (bytes[valueStart(bytes, at + key.length)] === first) return true
  }
  return false
}

export function hasTextValue(bytes: Buffer, key: Buffer): boolean {
  return hasValueStartingWith(bytes, key, QUOTE)
}

/** The bytes of all strings behind these keys; a string that goes on in the next chunk counts as far as it is here. */
export function bytesOfText(bytes: Buffer, keys: readonly Buffer[]): number {
  let sum = 0
  for (const key of keys) {
    let at = bytes.indexOf(key)
    while (at >= 0) {
      const start = valueStart(bytes, at + key.length)
      const end = bytes[start] === QUOTE ? stringEnd(bytes, start) : start
      if (end > start) sum += end - start - 1
      at = bytes.indexOf(key, end)
    }
  }
  return sum
}

/** The place of the closing quote of the string that opens at `start`; the end of the bytes when it is not there. */
export function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1
  for (;;) {
    at = bytes.indexOf(QUOTE, at)
    if (at < 0) return bytes.length
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
    at++
  }
}

function valueStart(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === COLON || bytes[at] === SPACE) at++
  return at
}
