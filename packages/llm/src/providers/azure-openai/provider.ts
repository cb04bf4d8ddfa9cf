import { defineProvider } from '../provider.ts'

/** The endpoint's path names the deployment, and thereby the model. */
export const azureOpenai = defineProvider({
  name: 'azure-openai',
  host: undefined,
  paths: { 'openai-chat': '/completions' },
  maxTokens: { 'openai-chat': { member: 'max_tokens' } },
  dropsModel: 'always',
})
