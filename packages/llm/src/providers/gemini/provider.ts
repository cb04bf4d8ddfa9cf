import { defineProvider } from '../provider.ts'

/** By its OpenAI-compatible endpoint; its own API goes through as passthrough. */
export const gemini = defineProvider({
  name: 'gemini',
  host: 'generativelanguage.googleapis.com',
  paths: { 'openai-chat': '/v1beta/openai/chat/completions' },
  maxTokens: { 'openai-chat': { member: 'max_completion_tokens' } },
})
