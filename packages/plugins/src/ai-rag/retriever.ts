// Finds what is near a text: Azure OpenAI makes a vector of it, Azure AI Search looks for the vector's neighbours.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '@weir/llm'
import { isReply, type PluginHost, type Reply, type RequestContext } from '@weir/plugin-api'
import type { Config } from './schema.ts'

/** What a request asks for, in its member `ai_rag`. */
export interface Retrieval {
  /** What goes to the embeddings API. */
  readonly embeddings: JsonObject
  /** The fields of the index that hold vectors, separated by commas. */
  readonly fields: string
}

const callMs = 30_000
/** A vector of 3072 numbers has 70 KB. */
const embeddingsBytesMax = 4 * 1024 * 1024
const foundBytesMax = 16 * 1024 * 1024
const keepAlive = { connections: 30, idleMs: 60_000 }

interface Service {
  readonly endpoint: string
  readonly api_key: string
}

/** What was found, as the search has answered it; a Reply tells why nothing was. */
export type Retrieve = (ctx: RequestContext, retrieval: Retrieval) => Promise<string | Reply>

export function createRetriever(config: Config, host: PluginHost): Retrieve {
  const { azure_openai: embedder } = config.embeddings_provider
  const { azure_ai_search: search } = config.vector_search_provider

  async function ask(
    ctx: RequestContext,
    { endpoint, api_key: key }: Service,
    body: JsonObject,
    maxResponseBytes: number,
  ): Promise<string | Reply> {
    try {
      const answer = await host.http.call({
        url: endpoint,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'api-key': key },
        body: JSON.stringify(body),
        timeoutMs: callMs,
        maxResponseBytes,
        verifyCertificate: config.ssl_verify,
        keepAlive,
        signal: ctx.signal,
      })
      const text = answer.body.toString()
      return answer.status === 200 ? text : { status: answer.status, body: text }
    } catch (error) {
      return { status: 500, body: error instanceof Error ? error.message : 'the service cannot be reached' }
    }
  }

  return async (ctx, { embeddings, fields }) => {
    const embedded = await ask(ctx, embedder, embeddings, embeddingsBytesMax)
    if (isRefusal(embedded)) return embedded
    const vector = vectorOf(embedded)
    if (!vector) return { status: 500, body: 'the embeddings service gave no vector' }
    return ask(ctx, search, { vectorQueries: [{ kind: 'vector', vector, fields }] }, foundBytesMax)
  }
}

export function isRefusal(answer: string | Reply): answer is Reply {
  return typeof answer === 'object' && isReply(answer)
}

function vectorOf(text: string): readonly unknown[] | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(answer) || !Array.isArray(answer['data'])) return undefined
  const [first] = answer['data'] as readonly unknown[]
  const vector = isJsonObject(first) ? first['embedding'] : undefined
  return Array.isArray(vector) ? vector : undefined
}
