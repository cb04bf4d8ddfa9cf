import { defineProvider } from '../provider.ts'

export const deepseek = defineProvider({
  name: 'deepseek',
  host: 'api.deepseek.com',
  paths: { 'openai-chat': '/chat/completions' },
  maxTokens: { 'openai-chat': { member: 'max_tokens' } },
})
