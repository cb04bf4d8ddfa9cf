// OpenAI's embeddings by Vertex AI's `predict` (contract/ai-plugins.md §7.3).
import type { JsonObject } from '../protocols/protocol.ts'
import { isPresent, numberAt, objectAt, textAt } from '../protocols/read-json.ts'
import { isJsonObject } from '@weir/contract'
import { type Conversion, ConversionError } from './conversion.ts'
import { DroppedFields } from './dropped-fields.ts'

const known = new Set(['input', 'model', 'encoding_format'])

export const embeddingsToVertex: Conversion = {
  from: 'openai-embeddings',
  to: 'vertex-predict',
  request(body) {
    const dropped = new DroppedFields()
    dropped.addUnknown(body, known)
    // Vectors come as numbers, which every client reads.
    if (body['encoding_format'] === 'base64') dropped.add('encoding_format')
    const model = textAt(body, 'model') || 'unknown'
    return {
      body: { instances: contentsOf(body['input']).map((content) => ({ content })) },
      dropped: dropped.names,
      reply: {
        answer: (answer) => toEmbeddings(answer, model),
        error: (document) => document,
        stream: () => ({ push: () => [], end: () => [] }),
      },
    }
  },
}

function contentsOf(input: unknown): string[] {
  if (!isPresent(input)) throw new ConversionError('`input` is required for embeddings')
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input)) throw new ConversionError('`input` must be string or array')
  return input.map((item: unknown, i) => {
    if (typeof item === 'string') return item
    if (Array.isArray(item) && item.every(isWord)) return item.join(' ')
    throw new ConversionError(`unsupported input type at index ${i + 1}`)
  })
}

/** A token's number, or a text. */
function isWord(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string'
}

function toEmbeddings({ predictions }: JsonObject, model: string): JsonObject {
  if (!Array.isArray(predictions)) throw new ConversionError('vertex response missing predictions')
  let tokens = 0
  const data = predictions.map((prediction: unknown, index) => {
    const embeddings = isJsonObject(prediction) ? objectAt(prediction, 'embeddings') : {}
    const { values } = embeddings
    if (!Array.isArray(values)) throw new ConversionError(`invalid embedding at index ${index + 1}`)
    tokens += numberAt(objectAt(embeddings, 'statistics'), 'token_count')
    return { object: 'embedding', index, embedding: values as unknown }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}
