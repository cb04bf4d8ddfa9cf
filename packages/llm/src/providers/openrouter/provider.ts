import { defineProvider } from '../provider.ts'

export const openrouter = defineProvider({
  name: 'openrouter',
  host: 'openrouter.ai',
  paths: { 'openai-chat': '/api/v1/chat/completions' },
  maxTokens: { 'openai-chat': { member: 'max_tokens' } },
})
