// Every protocol, by its name.
import { anthropicCountTokens } from './anthropic-count-tokens.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import { passthrough } from './passthrough.ts'
import type { ClientProtocol, ProtocolName } from './protocol.ts'
import { vertexPredict } from './vertex-predict.ts'

const protocols: Readonly<Record<ProtocolName, ClientProtocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-embeddings': openaiEmbeddings,
  'anthropic-messages': anthropicMessages,
  'anthropic-count-tokens': anthropicCountTokens,
  'bedrock-converse': bedrockConverse,
  passthrough,
  'vertex-predict': vertexPredict,
}

export function protocolNamed(name: ProtocolName): ClientProtocol {
  return protocols[name]
}

/** Those that a client may speak. */
export const clientProtocols: readonly ClientProtocol[] = Object.values(protocols).filter(
  (protocol) => protocol !== vertexPredict,
)
