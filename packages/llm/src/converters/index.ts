// Which protocol an instance is spoken to, whatever the client speaks (contract/ai-plugins.md §3).
import type { ClientProtocol, ProtocolName } from '../protocols/protocol.ts'
import { protocolNamed } from '../protocols/index.ts'
import type { Provider } from '../providers/provider.ts'
import { anthropicToChat } from './anthropic-to-chat/index.ts'
import { chain } from './chain.ts'
import { chatToAnthropic } from './chat-to-anthropic/index.ts'
import { chatToConverse } from './chat-to-converse/index.ts'
import { chatToResponses } from './chat-to-responses/index.ts'
import { embeddingsToVertex } from './embeddings-to-vertex.ts'
import type { Conversion } from './conversion.ts'
import { responsesToChat } from './responses-to-chat/index.ts'

const conversions: readonly Conversion[] = [
  anthropicToChat,
  chatToAnthropic,
  chatToConverse,
  chatToResponses,
  embeddingsToVertex,
  responsesToChat,
  // By way of openai-chat.
  chain(anthropicToChat, chatToConverse),
  chain(anthropicToChat, chatToResponses),
  chain(responsesToChat, chatToAnthropic),
  chain(responsesToChat, chatToConverse),
]

export interface ProtocolRoute {
  readonly target: ClientProtocol
  /** Undefined when the client speaks the target itself. */
  readonly conversion: Conversion | undefined
}

/** Endings of an endpoint's path that say what is spoken there. */
const spokenAt: readonly (readonly [ending: string, protocol: ProtocolName])[] = [
  ['/chat/completions', 'openai-chat'],
  ['/responses', 'openai-responses'],
  ['/messages', 'anthropic-messages'],
]

/** Undefined when the provider cannot be asked this. */
export function routeProtocol(
  provider: Provider,
  endpointPath: string | undefined,
  protocol: ClientProtocol,
): ProtocolRoute | undefined {
  if (protocol.name === 'anthropic-count-tokens') {
    const isCounted = provider.countTokensPath !== undefined && endpointPath === undefined
    return isCounted ? { target: protocol, conversion: undefined } : undefined
  }
  const pinned = pinnedConversion(provider, endpointPath, protocol.name)
  if (pinned) return routeBy(pinned)
  if (protocol.name === 'passthrough' || protocol.name in provider.paths) {
    return { target: protocol, conversion: undefined }
  }
  for (const to of Object.keys(provider.paths)) {
    const conversion = conversions.find((one) => one.from === protocol.name && one.to === to)
    if (conversion) return routeBy(conversion)
  }
  return undefined
}

function routeBy(conversion: Conversion): ProtocolRoute {
  return { target: protocolNamed(conversion.to), conversion }
}

/** An endpoint of one protocol of the provider is not sent another one (APISIX sends it, and the provider refuses). */
function pinnedConversion(
  provider: Provider,
  endpointPath: string | undefined,
  from: ProtocolName,
): Conversion | undefined {
  const to = spokenAt.find(([ending]) => endpointPath?.endsWith(ending))?.[1]
  if (to === undefined || !(to in provider.paths)) return undefined
  return conversions.find((one) => one.from === from && one.to === to)
}
