// Anthropic and Bedrock send what tools have answered as blocks of the user's messages, of which APISIX reads nothing.
import { textsOfContent, textsOfTurns } from './message-texts.ts'
import type { CheckedRole, JsonObject } from './protocol.ts'
import { objectAt, objectsAt } from './read-json.ts'

type TextsOf = (message: JsonObject) => readonly string[]

/** `textsOfTurns` for who wants to know what tools say: a message in which one does is theirs as well. */
export function textsOfTurnsAndTools(
  messages: readonly JsonObject[],
  mode: 'last' | 'all',
  roles: readonly CheckedRole[],
  textsOf: TextsOf,
  toolTextsOf: TextsOf,
): readonly string[] {
  if (!roles.includes('tool')) return textsOfTurns(messages, mode, roles, textsOf)
  const wanted = new Set<unknown>(roles)
  const allTextsOf = (message: JsonObject) => [
    ...toolTextsOf(message),
    ...(wanted.has(message['role']) ? textsOf(message) : []),
  ]
  const roleOf = (message: JsonObject) => (toolTextsOf(message).length > 0 ? 'tool' : message['role'])
  return textsOfTurns(messages, mode, roles, allTextsOf, roleOf)
}

/** Of Anthropic's blocks `tool_result`. */
export function anthropicToolTexts(message: JsonObject): readonly string[] {
  const results = objectsAt(message, 'content').filter(({ type }) => type === 'tool_result')
  return results.flatMap(({ content }) => textsOfContent(content, ({ type }) => type === 'text'))
}

/** Of Bedrock's blocks `toolResult`, which hold texts or JSON. */
export function converseToolTexts(message: JsonObject): readonly string[] {
  const parts = objectsAt(message, 'content').flatMap((block) =>
    objectsAt(objectAt(block, 'toolResult'), 'content'),
  )
  return parts.flatMap(({ text, json }) => {
    if (typeof text === 'string') return [text]
    return json === undefined ? [] : [JSON.stringify(json)]
  })
}
