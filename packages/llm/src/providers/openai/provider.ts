import { defineProvider } from '../provider.ts'

export const openai = defineProvider({
  name: 'openai',
  host: 'api.openai.com',
  paths: {
    'openai-chat': '/v1/chat/completions',
    'openai-responses': '/v1/responses',
    'openai-embeddings': '/v1/embeddings',
  },
  maxTokens: {
    // OpenAI renamed it and refuses a request that has both.
    'openai-chat': { member: 'max_completion_tokens', replaces: ['max_tokens'] },
    'openai-responses': { member: 'max_output_tokens' },
  },
})
