// Clients of OpenAI's Chat Completions, endpoints of its Responses.
import { readChat } from '../chat/read-chat.ts'
import type { Conversion } from '../conversion.ts'
import { DroppedFields } from '../dropped-fields.ts'
import { toChatCompletion } from './answer.ts'
import { toResponsesRequest } from './request.ts'
import { ChunksOfResponse } from './stream.ts'

export const chatToResponses: Conversion = {
  from: 'openai-chat',
  to: 'openai-responses',
  request(body, { model }) {
    const dropped = new DroppedFields(alike)
    const chat = readChat(body, dropped)
    return {
      body: toResponsesRequest(chat, body, dropped),
      dropped: dropped.names,
      reply: {
        answer: (answer) => toChatCompletion(answer, model),
        // Both of OpenAI's protocols have the same errors.
        error: (document) => document,
        stream: () => new ChunksOfResponse(model),
      },
    }
  },
}

/** What other protocols cannot say and this one can. */
const alike = ['metadata', 'service_tier', 'prompt_cache_key', 'verbosity', 'tools.strict', 'response_format']
