// The second layer: answers to prompts that mean the same.
import { hash } from 'node:crypto'
import type { RedisCommands } from '@weir/counters'
import { createEmbed, type EmbeddingsSettings } from '@weir/llm-exchange'
import type { LlmExchange, PluginHost, RequestContext } from '@weir/plugin-api'
import { canonicalJson } from '../canonical-json.ts'
import type { Entry } from '../entry.ts'
import { contextOf, withoutModel } from '../fingerprint.ts'
import type { SemanticConfig } from '../schema.ts'
import { matchDefaults, splitPrompt } from './prompt.ts'
import { type Near, VectorIndex } from './vector-index.ts'

export interface SemanticQuery {
  /** What has to be the same, hashed. */
  readonly partition: string
  readonly vector: readonly number[]
  readonly embeddingMs: number
}

export interface SemanticLayer {
  /** Undefined when the request is none that is compared by meaning, or the service fails. */
  embed(ctx: RequestContext, llm: LlmExchange, scope: string): Promise<SemanticQuery | undefined>
  /** Rejects when Redis does. */
  find(query: SemanticQuery): Promise<Near | undefined>
  store(query: SemanticQuery, fingerprint: string, entry: Entry): Promise<void>
}

const indexDefaults: { readonly index: string } = { index: 'ai-cache' }
const openaiEndpoint = 'https://api.openai.com/v1/embeddings'

export function createSemanticLayer(
  config: SemanticConfig,
  redis: RedisCommands,
  host: PluginHost,
): SemanticLayer {
  const { similarity_threshold: threshold, top_k: topK, ttl: ttlSeconds } = config
  const match = { ...matchDefaults, ...config.match }
  const embeddings = embeddingsOf(config.embedding)
  const embed = createEmbed(embeddings, host)
  const { index: base } = { ...indexDefaults, ...config.vector_search.redis }
  const index = new VectorIndex({
    redis,
    base,
    id: idOf(embeddings),
    topK,
    ttlSeconds,
    now: () => host.now(),
  })

  return {
    async embed(ctx, llm, scope) {
      if (llm.protocol.name !== 'openai-chat' || llm.longBody || index.isAway) return undefined
      const prompt = splitPrompt(llm.body, match)
      if (!prompt) return undefined
      const { messages: _messages, ...params } = withoutModel(llm.body)
      const same = canonicalJson({ context: prompt.context, params })
      if (same === undefined) return undefined
      const startedMs = performance.now()
      try {
        const [vector = []] = await embed([prompt.text])
        const partition = hash('sha256', `${scope}|${contextOf(ctx, llm)}\n${same}`)
        return { partition, vector, embeddingMs: performance.now() - startedMs }
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        ctx.log.warn('the prompt could not be compared with cached ones', { plugin: 'ai-cache', reason })
        return undefined
      }
    },
    async find({ partition, vector }) {
      const near = await index.nearest(partition, vector)
      return near && near.similarity >= threshold ? near : undefined
    },
    store: ({ partition, vector }, fingerprint, entry) => index.store(partition, fingerprint, vector, entry),
  }
}

function embeddingsOf({ openai, azure_openai: azure }: SemanticConfig['embedding']): EmbeddingsSettings {
  if (openai) {
    const { api_key, endpoint = openaiEndpoint } = openai
    return {
      ...openai,
      provider: 'openai',
      auth: { header: { authorization: `Bearer ${api_key}` } },
      endpoint,
    }
  }
  if (!azure) throw new Error('ai-cache has no embeddings service')
  return {
    ...azure,
    provider: 'azure-openai',
    model: undefined,
    auth: { header: { 'api-key': azure.api_key } },
  }
}

/** Vectors of different models cannot be compared, so each has its own index. */
function idOf({ provider, model = '', endpoint = '', dimensions }: EmbeddingsSettings): string {
  return hash('sha256', `${provider.replace('-', '_')}|${model}|${endpoint}|${dimensions ?? ''}`).slice(0, 16)
}
