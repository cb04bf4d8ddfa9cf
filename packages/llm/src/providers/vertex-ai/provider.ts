import { defineProvider, modelSegment, type ProviderConf } from '../provider.ts'

/** Google's Vertex AI: chat by its OpenAI-compatible endpoint, embeddings by `predict`. */
export const vertexAi = defineProvider({
  name: 'vertex-ai',
  // The location `global` has no host of its own.
  host: ({ region = 'global' }) => (region === 'global' ? '' : `${region}-`) + 'aiplatform.googleapis.com',
  paths: {
    'openai-chat': ({ conf }) => {
      const location = locationPath(conf)
      return location && `/v1beta1/${location}/endpoints/openapi/chat/completions`
    },
    'vertex-predict': ({ conf, model }) => {
      const location = locationPath(conf)
      const segment = modelSegment(model)
      return location && segment && `/v1/${location}/publishers/google/models/${segment}:predict`
    },
  },
  maxTokens: { 'openai-chat': { member: 'max_completion_tokens' } },
  dropsModel: ['vertex-predict'],
})

function locationPath({ project_id: project, region }: ProviderConf): string | undefined {
  return project && region ? `projects/${project}/locations/${region}` : undefined
}
