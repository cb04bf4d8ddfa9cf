// Which protocol a client speaks: by its path and the shape of its body (contract/ai-plugins.md §2).
import { anthropicCountTokens } from './anthropic-count-tokens.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse, bedrockConverseStream } from './bedrock-converse.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import { passthrough } from './passthrough.ts'
import type { ClientProtocol } from './protocol.ts'
import { isPresent, isTable } from './read-json.ts'

/** The first that fits, in the contract's order. `body` is any parsed JSON; `path` is normalized, without query. */
export function detectProtocol(path: string, body: unknown): ClientProtocol | undefined {
  if (!isTable(body)) return undefined
  const hasMessages = isTable(body['messages'])
  if (hasMessages && path.endsWith('/converse')) return bedrockConverse
  if (hasMessages && path.endsWith('/converse-stream')) return bedrockConverseStream
  if (path.endsWith('/v1/messages')) return anthropicMessages
  // APISIX takes it for a chat.
  if (hasMessages && path.endsWith('/v1/messages/count_tokens')) return anthropicCountTokens
  const hasInput = isPresent(body['input'])
  if (hasInput && path.endsWith('/v1/responses')) return openaiResponses
  if (hasMessages) return openaiChat
  if (hasInput) return openaiEmbeddings
  return Object.keys(body).length === 0 ? undefined : passthrough
}
