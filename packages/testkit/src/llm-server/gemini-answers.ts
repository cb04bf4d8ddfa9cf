// Google's own API of Gemini: generateContent, its stream (which has no terminator), and embeddings.
import type { Asked } from './answers.ts'

const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
}

export function geminiError(status: number) {
  const name = statusNames[status] ?? 'INTERNAL'
  return { error: { code: status, message: `mock error ${status}`, status: name } }
}

export function geminiContent(asked: Asked) {
  const { words, calls } = asked
  return document(asked, calls.length > 0 ? calls.map(toPart) : [{ text: words.join('') }], true)
}

/** Each event is a whole document; a call of a tool comes in one piece. */
export function* geminiEvents(asked: Asked): Generator<string> {
  const { words, calls } = asked
  const parts = calls.length > 0 ? calls.map(toPart) : words.map((text) => ({ text }))
  for (const [i, part] of parts.entries()) {
    yield `data: ${JSON.stringify(document(asked, [part], i === parts.length - 1))}\n\n`
  }
}

export function geminiEmbeddings(count: number) {
  return { embeddings: Array.from({ length: count }, () => ({ values: [0.1, 0.2, 0.3] })) }
}

function document({ model, usage }: Asked, parts: readonly object[], isLast: boolean) {
  return {
    candidates: [{ content: { role: 'model', parts }, ...(isLast && { finishReason: 'STOP' }), index: 0 }],
    ...(usage && {
      usageMetadata: {
        promptTokenCount: usage.prompt,
        candidatesTokenCount: usage.completion,
        totalTokenCount: usage.prompt + usage.completion,
      },
    }),
    modelVersion: model,
    responseId: 'mock-response',
  }
}

function toPart({ name, input }: Asked['calls'][number]) {
  return { functionCall: { name, args: input } }
}
