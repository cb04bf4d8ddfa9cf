// The last members of a JSON document's root without parsing what stands before them. Providers put the usage at the
// end of an answer, and reading it must not cost as much as the whole answer.
import type { JsonObject } from '../protocols/protocol.ts'

/**
 * The root's members from the last `key` on, or undefined when that cannot be told cheaply: parse the whole then.
 * What stands from the key to the end, behind one opening brace, is a JSON object exactly when the key is a member of
 * the root; inside a string its quotes would be escaped, and deeper down more than one brace would close.
 */
export function lastMembers(bytes: Buffer, key: string): JsonObject | undefined {
  const at = bytes.lastIndexOf(`"${key}"`)
  // Near the beginning the rest is the whole.
  if (at < bytes.length / 2) return undefined
  try {
    const value: unknown = JSON.parse(`{${bytes.toString('utf8', at)}`)
    return typeof value === 'object' && value !== null && key in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}
