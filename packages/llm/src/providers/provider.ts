// What a provider is: where it is, which protocols it answers on which path, and what it names differently.
import type { ProtocolName } from '../protocols/protocol.ts'

export interface Provider {
  readonly name: string
  /** Called when the configuration gives no endpoint; undefined when there must be one. */
  readonly host: string | undefined | ((conf: ProviderConf) => string)
  /** Path of each protocol that it answers, in the order in which messages list them. */
  readonly paths: Readonly<Partial<Record<ProtocolName, ProviderPath>>>
  /** Where it counts the tokens of Anthropic's messages, if it does. */
  readonly countTokensPath?: string
  /** Where `llm_options.max_tokens` goes in each protocol, and what has to give way to it. */
  readonly maxTokens: Readonly<Partial<Record<ProtocolName, MaxTokensMember>>>
  /** Protocols whose path names the model: a body that names it too is refused. */
  readonly dropsModel?: 'always' | readonly ProtocolName[]
}

/** `provider_conf` of the configuration. */
export interface ProviderConf {
  readonly project_id?: string | undefined
  readonly region?: string | undefined
}

/** What a path may depend on. */
export interface PathFacts {
  readonly conf: ProviderConf
  /** Empty when neither the configuration nor the client names one. */
  readonly model: string
  /** Whether the client asked for a stream. */
  readonly stream: boolean
}

/** Undefined when something that it needs is missing. */
type ProviderPath = string | ((facts: PathFacts) => string | undefined)

export interface MaxTokensMember {
  readonly member: string
  /** The object that holds the member; the body itself by default. */
  readonly within?: string
  readonly replaces?: readonly string[]
}

export function defineProvider(provider: Provider): Provider {
  return provider
}

/** A model's name as one segment of a path: clients choose it, so it must not lead anywhere else. */
export function modelSegment(model: string): string | undefined {
  return model === '' || model === '.' || model === '..' ? undefined : encodeURIComponent(model)
}
