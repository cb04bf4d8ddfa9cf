import { defineProvider } from '../provider.ts'

export const aimlapi = defineProvider({
  name: 'aimlapi',
  host: 'api.aimlapi.com',
  paths: { 'openai-chat': '/chat/completions' },
  maxTokens: { 'openai-chat': { member: 'max_tokens' } },
})
