// Google's client of Gemini, whose own API the gateway passes on as it is.
import { ApiError, type Content, type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { expect, test } from 'vitest'
import { type AskOptions, type ClientUnderTest, question, type Told, weather } from './client.ts'
import { describeClient, useWorld } from './suite.ts'

const world = useWorld()
const model = 'gemini-flash'
const tools = [
  {
    functionDeclarations: [
      { name: weather.name, description: weather.description, parametersJsonSchema: weather.schema },
    ],
  },
]

const open = (retries = 0) => openAt(world().url('gemini'), retries)

function openAt(baseUrl: string, retries = 0): GoogleGenAI {
  // A long delay of its own: this client knows no Retry-After.
  const retryOptions = { attempts: retries + 1, initialDelay: 1, jitter: 0 }
  return new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl, retryOptions } })
}

const asking: Content = { role: 'user', parts: [{ text: question }] }
const body = ({ tools: offered, signal }: AskOptions) => ({
  model,
  contents: [asking],
  config: { ...(offered && { tools }), ...(signal && { abortSignal: signal }) },
})

function clientAt(baseUrl: string): ClientUnderTest {
  return {
    ask: async (options) =>
      toTold([await openAt(baseUrl, options.retries).models.generateContent(body(options))]),
    async stream(options, onPiece) {
      const parts: GenerateContentResponse[] = []
      for await (const part of await openAt(baseUrl, options.retries).models.generateContentStream(
        body(options),
      )) {
        parts.push(part)
        if (textOf(part) !== '') onPiece(textOf(part))
      }
      return toTold(parts)
    },
    async useTool(answer) {
      const { candidates, functionCalls = [] } = await openAt(baseUrl).models.generateContent(
        body({ tools: true }),
      )
      const parts = functionCalls.map(({ name = '' }) => ({
        functionResponse: { name, response: { output: answer } },
      }))
      const called = candidates?.[0]?.content
      if (!called) throw new Error('no candidate')
      const contents = [asking, called, { role: 'user', parts }]
      return textOf(await openAt(baseUrl).models.generateContent({ ...body({ tools: true }), contents }))
    },
    failure: (error) =>
      error instanceof ApiError ? { status: error.status, retryAfter: undefined } : undefined,
    isAbort: (error) => error instanceof Error && error.name === 'AbortError',
  }
}

/** Its own getter warns when there are calls beside the text. */
function textOf({ candidates }: GenerateContentResponse): string {
  const parts = candidates?.[0]?.content?.parts ?? []
  return parts.map(({ text = '' }) => text).join('')
}

function toTold(parts: readonly GenerateContentResponse[]): Told {
  const usage = parts.at(-1)?.usageMetadata
  return {
    text: parts.map(textOf).join(''),
    calls: parts.flatMap(({ functionCalls = [] }) =>
      functionCalls.map(({ name = '', args }) => ({ name, input: args })),
    ),
    usage: { prompt: usage?.promptTokenCount, completion: usage?.candidatesTokenCount },
  }
}

describeClient('Google’s client', world, {
  routes: ['gemini'],
  client: clientAt,
  wholeArguments: true,
  brokenMessage: /terminated/,
})

test('Google’s client gets embeddings', async () => {
  const { embeddings } = await open().models.embedContent({ model: 'small', contents: ['a', 'b'] })
  expect(embeddings?.map(({ values }) => values)).toEqual([
    [0.1, 0.2, 0.3],
    [0.1, 0.2, 0.3],
  ])
})

test('what Google’s client sends reaches the provider as it was', async () => {
  await open().models.generateContent({ model, contents: 'hi' })
  expect(world().llm.requests[0]).toMatchObject({
    method: 'POST',
    url: `/v1/models/${model}:generateContent`,
    headers: { 'x-goog-api-key': 'key' },
  })
})
