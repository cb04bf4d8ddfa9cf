import { defineProvider } from '../provider.ts'

/** Whatever speaks OpenAI's protocols at an endpoint of one's own: vLLM, DashScope's compatible mode ... */
export const openaiCompatible = defineProvider({
  name: 'openai-compatible',
  host: undefined,
  paths: {
    'openai-chat': '/v1/chat/completions',
    'openai-responses': '/v1/responses',
    'openai-embeddings': '/v1/embeddings',
  },
  maxTokens: {
    'openai-chat': { member: 'max_tokens' },
    'openai-responses': { member: 'max_output_tokens' },
  },
})
