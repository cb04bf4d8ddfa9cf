// Asks an embeddings service of OpenAI's shape for the vectors of texts (contract/ai-plugins.md §8.4).
import { isJsonObject } from '@weir/contract'
import { hostHeader, parseEndpoint } from '@weir/llm'
import type { PluginHost } from '@weir/plugin-api'
import { toPairs } from '../instance/call-plan.ts'

export interface EmbeddingsSettings {
  readonly provider: 'openai' | 'azure-openai'
  /** Azure has it in the endpoint. */
  readonly model?: string | undefined
  readonly auth: {
    readonly header?: Readonly<Record<string, unknown>> | undefined
    readonly query?: Readonly<Record<string, unknown>> | undefined
  }
  readonly endpoint?: string | undefined
  /** How long the vectors shall be, of models that can choose. */
  readonly dimensions?: number | undefined
  /** Milliseconds for the whole call. */
  readonly timeout: number
  readonly ssl_verify: boolean
}

/** Of length 1, so that the product of two is their cosine. */
export type UnitVector = readonly number[]

/** Vectors in the order of their texts. Rejects with the reason, which names no key and no text. */
export type Embed = (texts: readonly string[]) => Promise<readonly UnitVector[]>

const defaultEndpoint = 'https://api.openai.com'
const defaultPath = '/v1/embeddings'
/** Examples of all instances come in one answer. */
const answerBytesMax = 64 * 1024 * 1024
const connections = 4
const idleMs = 60_000

export function createEmbed(settings: EmbeddingsSettings, host: PluginHost): Embed {
  const url = urlOf(settings)
  const headers = Object.fromEntries(
    Array.from(toPairs(settings.auth.header), ([name, value]) => [name.toLowerCase(), value]),
  )
  const { model, dimensions } = settings
  return async (texts) => {
    const answer = await host.http.call({
      url,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ input: texts, model, dimensions }),
      timeoutMs: settings.timeout,
      maxResponseBytes: answerBytesMax,
      verifyCertificate: settings.ssl_verify,
      keepAlive: { connections, idleMs },
    })
    if (answer.status !== 200) throw new Error(`the embeddings service answered ${answer.status}`)
    return readVectors(JSON.parse(answer.body.toString()), texts.length)
  }
}

function urlOf({ endpoint: text = defaultEndpoint, auth }: EmbeddingsSettings): string {
  const endpoint = parseEndpoint(text)
  if (!endpoint) throw new Error('the endpoint of the embeddings service is no URL')
  const query = new URLSearchParams([...toPairs(auth.query)])
  for (const [name, value] of new URLSearchParams(endpoint.query)) query.set(name, value)
  const search = query.size > 0 ? `?${query.toString()}` : ''
  return `${endpoint.scheme}://${hostHeader(endpoint)}${endpoint.path ?? defaultPath}${search}`
}

function readVectors(answer: unknown, count: number): UnitVector[] {
  const data: unknown = isJsonObject(answer) ? answer['data'] : undefined
  if (!Array.isArray(data) || data.length !== count) throw new Error('the embeddings service sent no vectors')
  const vectors: UnitVector[] = []
  for (const [position, item] of (data as unknown[]).entries()) {
    const member = isJsonObject(item) ? item : {}
    const index = typeof member['index'] === 'number' ? member['index'] : position
    if (!Number.isInteger(index) || index < 0 || index >= count)
      throw new Error('the embeddings service sent a vector of no text')
    vectors[index] = toUnit(member['embedding'])
  }
  if (Object.keys(vectors).length !== count) throw new Error('the embeddings service left vectors out')
  return vectors
}

function toUnit(value: unknown): UnitVector {
  if (!isVector(value) || value.length === 0)
    throw new Error('the embeddings service sent a vector that is none')
  const length = Math.hypot(...value)
  return length > 0 ? value.map((one) => one / length) : value
}

/** JSON may hold numbers that are too large, such as 1e999: one infinity would make every cosine nothing. */
function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => Number.isFinite(one))
}
