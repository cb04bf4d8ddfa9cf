// The texts of a conversation by role: what moderation checks (contract/ai-plugins.md §2.1, §14).
import { isJsonObject } from '@weir/contract'
import type { CheckedRole, JsonObject } from './protocol.ts'

/** `system` and `developer` hold the same prompt; models renamed the one to the other. */
export function isSystemRole(role: unknown): boolean {
  return role === 'system' || role === 'developer'
}

/**
 * The texts of the turns of the selected roles. `last` takes the run of such messages at the very end, so that
 * history is not checked again; when the last message has another role there is no such run.
 */
export function textsOfTurns(
  messages: readonly JsonObject[],
  mode: 'last' | 'all',
  roles: readonly CheckedRole[],
  textsOf: (message: JsonObject) => readonly string[],
  roleOf: (message: JsonObject) => unknown = (message) => message['role'],
): readonly string[] {
  const wanted = new Set<unknown>(roles.filter((role) => role !== 'system'))
  const isWanted = (message: JsonObject) => wanted.has(roleOf(message))
  const start = mode === 'all' ? 0 : messages.findLastIndex((message) => !isWanted(message)) + 1
  return messages.slice(start).filter(isWanted).flatMap(textsOf)
}

/** A message's content: a string, or the text parts of an array. */
export function textsOfContent(content: unknown, isText: (part: JsonObject) => boolean): readonly string[] {
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return []
  const texts: string[] = []
  for (const part of content as unknown[]) {
    if (isJsonObject(part) && typeof part['text'] === 'string' && isText(part)) texts.push(part['text'])
  }
  return texts
}
