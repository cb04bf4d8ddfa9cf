// `override.request_body`: an operator's patch merged into the client's body (contract/ai-plugins.md §6.1).
import { isJsonObject } from '@weir/contract'
import type { BodyEdits, JsonObject } from '../protocols/protocol.ts'

/**
 * The top-level members that the patch changes. Objects are merged; anything else of the patch is taken only
 * where the body has nothing, or always with `force`.
 */
export function patchEdits(member: (key: string) => unknown, patch: JsonObject, force: boolean): BodyEdits {
  const edits: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(patch)) {
    const before = member(key)
    const after = merge(before, value, force)
    if (after !== before) edits[key] = after
  }
  return edits
}

function merge(before: unknown, patch: unknown, force: boolean): unknown {
  if (isJsonObject(before) && isJsonObject(patch)) {
    const merged: Record<string, unknown> = { ...before }
    for (const [key, value] of Object.entries(patch)) merged[key] = merge(merged[key], value, force)
    return merged
  }
  return before === undefined || force ? patch : before
}
