// The thread that reads the texts of long JSON: see text-thread.ts.
import { parentPort } from 'node:worker_threads'
import { anthropicMessages } from '../protocols/anthropic-messages.ts'
import { bedrockConverse } from '../protocols/bedrock-converse.ts'
import { openaiChat } from '../protocols/openai-chat.ts'
import { openaiEmbeddings } from '../protocols/openai-embeddings.ts'
import { openaiResponses } from '../protocols/openai-responses.ts'
import { passthrough } from '../protocols/passthrough.ts'
import type { ClientProtocol } from '../protocols/protocol.ts'
import { parseObject } from '../protocols/read-json.ts'
import type { FromTextThread, TextsWanted, ToTextThread } from './text-thread.ts'

const all: readonly ClientProtocol[] = [
  anthropicMessages,
  bedrockConverse,
  openaiChat,
  openaiEmbeddings,
  openaiResponses,
  passthrough,
]
const protocols = new Map(all.map((protocol) => [protocol.name, protocol]))
const arrived = new Map<number, Uint8Array[]>()

parentPort?.on('message', (message: ToTextThread) => {
  const pieces = arrived.get(message.id) ?? []
  if ('piece' in message) {
    pieces.push(message.piece)
    arrived.set(message.id, pieces)
    return
  }
  arrived.delete(message.id)
  const texts = textsOf(Buffer.concat(pieces).toString(), message.wanted)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  parentPort?.postMessage({ id: message.id, texts } satisfies FromTextThread)
})

function textsOf(json: string, { protocol: name, turns }: TextsWanted): readonly string[] {
  const protocol = protocols.get(name)
  const value = parseObject(json)
  if (!protocol || !value) return []
  return turns ? protocol.turnTexts(value, turns.mode, turns.roles) : [protocol.answerText(value)]
}
