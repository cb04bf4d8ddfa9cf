// The last members of a JSON document's root without parsing what stands before them. Providers put the usage at the
// end of an answer, and reading it must not cost as much as the whole answer.
import type { JsonObject } from '../protocols/protocol.ts'

const QUOTE = 0x22

/**
 * The root's members from the last `key` on, or undefined when that cannot be told cheaply: parse the whole then.
 * What stands from the key to the end, behind one opening brace, is a JSON object exactly when the key is a member of
 * the root; inside a string its quotes would be escaped, and deeper down more than one brace would close.
 */
export function lastMembers(bytes: Buffer, key: string): JsonObject | undefined {
  // Near the beginning the rest is the whole.
  const at = lastQuoted(bytes, key, bytes.length / 2)
  if (at < 0) return undefined
  try {
    const value: unknown = JSON.parse(`{${bytes.toString('utf8', at)}`)
    return typeof value === 'object' && value !== null && key in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/**
 * Where the key stands last with its quotes, or -1 when that is before `from`. It is some hundred bytes before the end, which is found sooner here
 * than a call of `lastIndexOf` with a text begins.
 */
function lastQuoted(bytes: Buffer, key: string, from: number): number {
  const { length } = key
  for (let at = bytes.length - length - 2; at >= from; at--) {
    if (bytes[at] !== QUOTE || bytes[at + length + 1] !== QUOTE) continue
    let same = 0
    while (same < length && bytes[at + 1 + same] === key.charCodeAt(same)) same++
    if (same === length) return at
  }
  return -1
}
