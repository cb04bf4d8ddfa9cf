// A chat completion as a response of OpenAI's.
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { reasoningOf } from '../anthropic-to-chat/answer.ts'
import { ConversionError } from '../conversion.ts'
import {
  callItem,
  endOf,
  messageItem,
  reasoningItem,
  type ResponseFacts,
  responseObject,
  toResponsesUsage,
} from './response-object.ts'

export function toResponse(answer: JsonObject, facts: ResponseFacts): JsonObject {
  if (isPresent(answer['error'])) return toResponsesError(answer)
  const [choice] = objectsAt(answer, 'choices')
  if (!choice) throw new ConversionError('no choices in response')
  const model = textAt(answer, 'model') || facts.model
  return responseObject(
    { ...facts, model },
    {
      ...endOf(textAt(choice, 'finish_reason')),
      output: toOutput(objectAt(choice, 'message'), facts.id),
      usage: isPresent(answer['usage']) ? toResponsesUsage(objectAt(answer, 'usage')) : undefined,
    },
  )
}

/** Both of OpenAI's protocols have the same errors. */
export function toResponsesError(document: JsonObject): JsonObject {
  return document
}

function toOutput(message: JsonObject, id: string): JsonObject[] {
  const [reasoning, text] = [reasoningOf(message), textAt(message, 'content')]
  const calls = objectsAt(message, 'tool_calls')
  const output: JsonObject[] = []
  const nextId = (prefix: string) => `${prefix}_${output.length}_${id}`
  if (reasoning !== '') output.push(reasoningItem(nextId('rs'), reasoning))
  if (text !== '' || calls.length === 0) output.push(messageItem(nextId('msg'), text, 'completed'))
  for (const call of calls) {
    const called = objectAt(call, 'function')
    const json = textAt(called, 'arguments')
    output.push(callItem(nextId('fc'), textAt(call, 'id'), textAt(called, 'name'), json, 'completed'))
  }
  return output
}
