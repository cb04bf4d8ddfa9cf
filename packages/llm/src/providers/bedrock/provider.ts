import { defineProvider, modelSegment } from '../provider.ts'

/** Amazon Bedrock by its Converse API, which says in the path whether it streams. */
export const bedrock = defineProvider({
  name: 'bedrock',
  host: ({ region }) => `bedrock-runtime.${region}.amazonaws.com`,
  paths: {
    'bedrock-converse': ({ model, stream }) => {
      const segment = modelSegment(model)
      return segment && `/model/${segment}/${stream ? 'converse-stream' : 'converse'}`
    },
  },
  maxTokens: { 'bedrock-converse': { member: 'maxTokens', within: 'inferenceConfig' } },
  dropsModel: 'always',
})
