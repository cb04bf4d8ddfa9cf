import { defineProvider } from '../provider.ts'

export const anthropic = defineProvider({
  name: 'anthropic',
  host: 'api.anthropic.com',
  paths: {
    'openai-chat': '/v1/chat/completions',
    'anthropic-messages': '/v1/messages',
  },
  countTokensPath: '/v1/messages/count_tokens',
  maxTokens: {
    'openai-chat': { member: 'max_tokens' },
    'anthropic-messages': { member: 'max_tokens' },
  },
})
