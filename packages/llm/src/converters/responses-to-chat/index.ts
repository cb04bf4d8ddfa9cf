// Clients of OpenAI's Responses, providers of its Chat Completions.
import { randomUUID } from 'node:crypto'
import type { Conversion } from '../conversion.ts'
import { toResponse, toResponsesError } from './answer.ts'
import { toChatRequest } from './request.ts'
import { type ResponseFacts, responseFacts } from './response-object.ts'
import { ResponseEvents } from './stream.ts'

export const responsesToChat: Conversion = {
  from: 'openai-responses',
  to: 'openai-chat',
  request(body, { model }) {
    const facts: ResponseFacts = responseFacts(body, model, `resp_${randomUUID()}`)
    return {
      ...toChatRequest(body),
      reply: {
        answer: (answer) => toResponse(answer, facts),
        error: toResponsesError,
        stream: () => new ResponseEvents(facts),
      },
    }
  },
}
