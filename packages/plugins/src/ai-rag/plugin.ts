// Adds what a vector search finds to the prompt (contract/ai-plugins.md §12.5).
import { isJsonObject, isReference } from '@weir/contract'
import {
  addMessages,
  addMessagesToPieces,
  detectProtocol,
  type JsonObject,
  type PromptMessage,
} from '@weir/llm'
import { definePlugin, isReply, memberOf, replaceJsonBody, type Reply } from '@weir/plugin-api'
import { asksForModels } from '../prompts/model-list.ts'
import { type ObjectBody, readObjectBody } from '../prompts/object-body.ts'
import { maxBodyMember } from '../prompts/schema.ts'
import { createRetriever, isRefusal, type Retrieval } from './retriever.ts'
import { type Config, schema } from './schema.ts'

/** What says what to look for. The LLM is not shown it. */
const member = 'ai_rag'

const badRequest: Reply = {
  status: 400,
  body: { error_msg: 'ai_rag needs embeddings.input and vector_search.fields, both strings' },
}

export const aiRag = definePlugin<Config>({
  name: 'ai-rag',
  priority: 1060,
  schema,
  encryptFields: [
    'embeddings_provider.azure_openai.api_key',
    'vector_search_provider.azure_ai_search.api_key',
  ],
  check({ embeddings_provider: embeddings, vector_search_provider: search }) {
    if (!isAddress(embeddings.azure_openai.endpoint)) {
      return 'embeddings_provider.azure_openai.endpoint is not an http or https URL'
    }
    if (!isAddress(search.azure_ai_search.endpoint)) {
      return 'vector_search_provider.azure_ai_search.endpoint is not an http or https URL'
    }
    return undefined
  },
  create(config, host) {
    const retrieve = createRetriever(config, host)
    return {
      async access(ctx) {
        if (asksForModels(ctx.request)) return undefined
        const body = await readObjectBody(ctx, maxBodyMember.default)
        if (isReply(body)) return body
        const retrieval = retrievalOf(memberOf(body, member))
        if (!retrieval) return badRequest
        const found = await retrieve(ctx, retrieval)
        if (isRefusal(found)) return found
        replaceJsonBody(ctx, augmented(ctx.request.path, body, { role: 'user', content: found }))
        return undefined
      },
    }
  },
})

function isAddress(endpoint: string): boolean {
  return isReference(endpoint) || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')
}

function retrievalOf(asked: unknown): Retrieval | undefined {
  if (!isJsonObject(asked)) return undefined
  const { embeddings, vector_search: search } = asked
  if (!isJsonObject(embeddings) || typeof embeddings['input'] !== 'string') return undefined
  if (!isJsonObject(search) || typeof search['fields'] !== 'string') return undefined
  return { embeddings, fields: search['fields'] }
}

/** A request that holds no prompt at all becomes a chat. */
function augmented(path: string, body: ObjectBody, message: PromptMessage): JsonObject | Buffer[] {
  const detected = detectProtocol(path, body.value)?.name ?? 'openai-chat'
  const protocol = detected === 'passthrough' ? 'openai-chat' : detected
  if (body.kind === 'long')
    return addMessagesToPieces(protocol, body.raw, [], [message], [[member, undefined]])
  const { [member]: _, ...rest } = body.value
  return addMessages(protocol, rest, [], [message])
}
