// What a provider is: where it is, which protocols it answers on which path, and what it names differently.
import type { ProtocolName } from '../protocols/protocol.ts'

export interface Provider {
  readonly name: string
  /** Called when the configuration gives no endpoint; undefined when there must be one. */
  readonly host: string | undefined
  /** Path of each protocol that it answers, in the order in which messages list them. */
  readonly paths: Readonly<Partial<Record<ProtocolName, string>>>
  /** Where `llm_options.max_tokens` goes in each protocol, and what has to give way to it. */
  readonly maxTokens: Readonly<Partial<Record<ProtocolName, MaxTokensMember>>>
}

export interface MaxTokensMember {
  readonly member: string
  readonly replaces?: readonly string[]
}

export function defineProvider(provider: Provider): Provider {
  return provider
}
