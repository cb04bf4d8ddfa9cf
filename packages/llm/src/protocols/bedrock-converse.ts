// Bedrock's Converse: recognised, and its requests can be read; no provider of this build answers it yet.
import { textsOfContent, textsOfTurns } from './message-texts.ts'
import type { ClientProtocol, JsonObject } from './protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt } from './read-json.ts'

const zeroUsage: JsonObject = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }

export const bedrockConverse: ClientProtocol = {
  name: 'bedrock-converse',
  hasText: true,
  isStream: (body) => body['stream'] === true,
  fixUp: (body) => ('stream' in body ? { stream: undefined } : undefined),
  answersWanted: () => 1,
  media: () => ({ count: 0, bytes: 0 }),
  turnTexts(body, mode, roles) {
    const system = roles.includes('system') ? textsOfContent(body['system'], () => true) : []
    return [...system, ...textsOfTurns(objectsAt(body, 'messages'), mode, roles, textsOfMessage)]
  },
  // Its streams are not server-sent events.
  marks: undefined,
  readEvent: () => ({}),
  usage(raw) {
    const promptTokens = numberAt(raw, 'inputTokens')
    const completionTokens = numberAt(raw, 'outputTokens')
    return {
      promptTokens,
      completionTokens,
      totalTokens: isPresent(raw['totalTokens'])
        ? numberAt(raw, 'totalTokens')
        : promptTokens + completionTokens,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      reasoningTokens: 0,
      source: 'reported',
      interrupted: false,
      raw,
    }
  },
  answerUsage: (answer) => (isPresent(answer['usage']) ? objectAt(answer, 'usage') : undefined),
  answerText: (answer) => textsOfMessage(objectAt(objectAt(answer, 'output'), 'message')).join(' '),
  answerHasToolCall: () => false,
  endUser: () => '',
  denyBody: denied,
  denyStream: denied,
  terminator: '',
  errorEvent: () => '',
  isDataEvent: () => false,
}

function textsOfMessage(message: JsonObject): readonly string[] {
  return textsOfContent(message['content'], () => true)
}

function denied(text: string, _model: string, usage: JsonObject | undefined): string {
  return JSON.stringify({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: usage ?? zeroUsage,
  })
}
