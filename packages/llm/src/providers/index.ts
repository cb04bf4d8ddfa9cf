// The list of providers: one line each.
import { deepseek } from './deepseek/provider.ts'
import { openai } from './openai/provider.ts'
import { openaiCompatible } from './openai-compatible/provider.ts'
import type { Provider } from './provider.ts'

const providers: readonly Provider[] = [openai, openaiCompatible, deepseek]
const byName = new Map(providers.map((provider) => [provider.name, provider]))

/** Undefined when this build does not run it. */
export function findProvider(name: string): Provider | undefined {
  return byName.get(name)
}

/**
 * Every name that the contract's schemas admit (ai-plugins.md §4). A configuration with another of them is
 * stored by APISIX; here it is refused until the provider has its folder.
 */
export const providerNames = [
  'openai',
  'deepseek',
  'aimlapi',
  'anthropic',
  'openai-compatible',
  'azure-openai',
  'openrouter',
  'gemini',
  'vertex-ai',
  'bedrock',
] as const
