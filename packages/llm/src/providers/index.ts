// The list of providers: one line each.
import { aimlapi } from './aimlapi/provider.ts'
import { anthropic } from './anthropic/provider.ts'
import { azureOpenai } from './azure-openai/provider.ts'
import { bedrock } from './bedrock/provider.ts'
import { deepseek } from './deepseek/provider.ts'
import { gemini } from './gemini/provider.ts'
import { openai } from './openai/provider.ts'
import { openaiCompatible } from './openai-compatible/provider.ts'
import { openrouter } from './openrouter/provider.ts'
import type { Provider } from './provider.ts'
import { vertexAi } from './vertex-ai/provider.ts'

const providers: readonly Provider[] = [
  openai,
  deepseek,
  aimlapi,
  anthropic,
  openaiCompatible,
  azureOpenai,
  openrouter,
  gemini,
  vertexAi,
  bedrock,
]
const byName = new Map(providers.map((provider) => [provider.name, provider]))

/** Undefined when there is no such provider; the schemas admit no other names. */
export function findProvider(name: string): Provider | undefined {
  return byName.get(name)
}

/** In the order of the contract's schemas (ai-plugins.md §4). */
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
