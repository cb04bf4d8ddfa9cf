import { defineSchema, type Static } from '@weir/contract'

const azure = {
  type: 'object',
  properties: { endpoint: { type: 'string' }, api_key: { type: 'string' } },
  required: ['endpoint', 'api_key'],
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    ssl_verify: { type: 'boolean', default: true },
    embeddings_provider: {
      type: 'object',
      properties: { azure_openai: azure },
      required: ['azure_openai'],
      maxProperties: 1,
    },
    vector_search_provider: {
      type: 'object',
      properties: { azure_ai_search: azure },
      required: ['azure_ai_search'],
      maxProperties: 1,
    },
  },
  required: ['embeddings_provider', 'vector_search_provider'],
})

export type Config = Static<typeof schema>
