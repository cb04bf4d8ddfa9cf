// Clients of OpenAI's Chat Completions, Bedrock's Converse.
import { randomUUID } from 'node:crypto'
import { readChat } from '../chat/read-chat.ts'
import type { Conversion } from '../conversion.ts'
import { DroppedFields } from '../dropped-fields.ts'
import { toChatCompletion, toChatError } from './answer.ts'
import { toConverseRequest } from './request.ts'
import { ChunksOfConverse } from './stream.ts'

export const chatToConverse: Conversion = {
  from: 'openai-chat',
  to: 'bedrock-converse',
  request(body, { model }) {
    const dropped = new DroppedFields()
    const chat = readChat(body, dropped)
    // Bedrock's answers have none.
    const id = `chatcmpl-${randomUUID()}`
    return {
      // The path names the model.
      body: toConverseRequest(chat, dropped),
      dropped: dropped.names,
      reply: {
        answer: (answer) => toChatCompletion(answer, id, model),
        error: toChatError,
        stream: () => new ChunksOfConverse(id, model),
      },
    }
  },
  headers: (list) => list.filter((_, i) => !isOwn(list[i - (i % 2)] ?? '')),
}

/** Headers of OpenAI's clients that mean nothing to Amazon. */
function isOwn(name: string): boolean {
  return name.startsWith('x-stainless-') || name.startsWith('openai-')
}
