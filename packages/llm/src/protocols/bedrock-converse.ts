// Bedrock's Converse. Its streams are binary frames, here events whose type is the frame's (transport/event-frames.ts).
import { encodeFrame, isExceptionEvent } from '../transport/event-frames.ts'
import { textsOfContent } from './message-texts.ts'
import type { ClientProtocol, EventFacts, JsonObject, SseEvent } from './protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, parseObject, textAt } from './read-json.ts'
import { converseToolTexts, textsOfTurnsAndTools } from './tool-texts.ts'

const zeroUsage: JsonObject = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }

export const bedrockConverse: ClientProtocol = {
  name: 'bedrock-converse',
  hasText: true,
  isStream: (body) => body['stream'] === true,
  fixUp: (body) => ('stream' in body ? { stream: undefined } : undefined),
  answersWanted: () => 1,
  media(body) {
    let count = 0
    let bytes = 0
    for (const message of objectsAt(body, 'messages')) {
      for (const block of objectsAt(message, 'content')) {
        const medium = mediaKinds.find((kind) => isPresent(block[kind]))
        if (!medium) continue
        count++
        bytes += textAt(objectAt(objectAt(block, medium), 'source'), 'bytes').length
      }
    }
    return { count, bytes }
  },
  turnTexts(body, mode, roles) {
    const system = roles.includes('system') ? textsOfContent(body['system'], () => true) : []
    const messages = objectsAt(body, 'messages')
    return [...system, ...textsOfTurnsAndTools(messages, mode, roles, textsOfMessage, converseToolTexts)]
  },
  // Its streams are no text that could be searched.
  marks: undefined,
  readEvent,
  usage(raw) {
    const promptTokens = numberAt(raw, 'inputTokens')
    const completionTokens = numberAt(raw, 'outputTokens')
    return {
      promptTokens,
      completionTokens,
      totalTokens: isPresent(raw['totalTokens'])
        ? numberAt(raw, 'totalTokens')
        : promptTokens + completionTokens,
      // APISIX leaves these out; Bedrock reports them.
      cacheReadTokens: numberAt(raw, 'cacheReadInputTokens'),
      cacheCreationTokens: numberAt(raw, 'cacheWriteInputTokens'),
      reasoningTokens: 0,
      source: 'reported',
      interrupted: false,
      raw,
    }
  },
  answerUsage: (answer) => (isPresent(answer['usage']) ? objectAt(answer, 'usage') : undefined),
  answerText: (answer) => textsOfMessage(objectAt(objectAt(answer, 'output'), 'message')).join(' '),
  answerHasToolCall: (answer) =>
    objectsAt(objectAt(objectAt(answer, 'output'), 'message'), 'content').some((block) =>
      isPresent(block['toolUse']),
    ),
  endUser: () => '',
  denyBody: denied,
  denyStream: denied,
  terminator: '',
  errorEvent: (message) =>
    encodeFrame(
      {
        ':message-type': 'exception',
        ':exception-type': 'internalServerException',
        ':content-type': 'application/json',
      },
      JSON.stringify({ message }),
    ),
  isDataEvent: () => false,
}

/** As Amazon's own clients ask for a stream: by the path. */
export const bedrockConverseStream: ClientProtocol = { ...bedrockConverse, isStream: () => true }

/**
 * The metadata with the usage comes last; `messageStop` before it ends the answer, not the stream (APISIX takes both
 * for the end).
 */
function readEvent(event: SseEvent): EventFacts {
  if (isExceptionEvent(event.type)) return { done: true }
  const data = parseObject(event.data)
  if (!data) return {}
  switch (event.type) {
    case 'contentBlockDelta': {
      const { text } = objectAt(data, 'delta')
      return { text: typeof text === 'string' ? text : undefined }
    }
    case 'contentBlockStart':
      return { toolCall: isPresent(objectAt(data, 'start')['toolUse']) }
    case 'messageStop':
      return { finished: 1 }
    case 'metadata':
      return { usage: bedrockConverse.answerUsage(data), done: true }
    default:
      return {}
  }
}

const mediaKinds = ['image', 'document', 'video']

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
