// Vercel's AI SDK with each provider that a gateway can stand before.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  embedMany,
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  Output,
  streamText,
  tool,
  type ToolSet,
} from 'ai'
import { describe, expect, test } from 'vitest'
import { type AskOptions, type ClientUnderTest, question, type Told, weather } from './client.ts'
import { describeClient, useWorld } from './suite.ts'

const world = useWorld()

const apiKey = 'key'
const models = {
  openai: (url: string) => createOpenAI({ baseURL: `${url}/v1`, apiKey }),
  compatible: (url: string) =>
    createOpenAICompatible({ name: 'weir', baseURL: `${url}/v1`, apiKey, includeUsage: true }),
  anthropic: (url: string) => createAnthropic({ baseURL: `${url}/v1`, apiKey }),
}

const weatherTool = {
  description: weather.description,
  inputSchema: jsonSchema<{ city: string }>({ ...weather.schema, required: [...weather.schema.required] }),
}
const offered: ToolSet = { [weather.name]: tool(weatherTool) }
const silent = () => undefined

function clientOf(model: LanguageModel): ClientUnderTest {
  const settings = ({ tools, signal, retries = 0 }: AskOptions) => ({
    model,
    prompt: question,
    maxRetries: retries,
    ...(tools && { tools: offered }),
    ...(signal && { abortSignal: signal }),
  })

  return {
    async ask(options) {
      const { text, toolCalls, usage } = await generateText(settings(options))
      const calls = toolCalls.map(({ toolName: name, input }) => ({ name, input: input as unknown }))
      return { text, calls, usage: { prompt: usage.inputTokens, completion: usage.outputTokens } }
    },
    async stream(options, onPiece) {
      const calls: { name: string; input: unknown }[] = []
      let text = ''
      let usage: Told['usage'] = { prompt: undefined, completion: undefined }
      for await (const part of streamText({ ...settings(options), onError: silent }).fullStream) {
        if (part.type === 'text-delta') {
          text += part.text
          onPiece(part.text)
        } else if (part.type === 'tool-input-delta') onPiece(part.delta)
        else if (part.type === 'tool-call') calls.push({ name: part.toolName, input: part.input as unknown })
        else if (part.type === 'finish') {
          usage = { prompt: part.totalUsage.inputTokens, completion: part.totalUsage.outputTokens }
        } else if (part.type === 'error') throw part.error
        else if (part.type === 'abort') throw new DOMException('aborted', 'AbortError')
      }
      return { text, calls, usage }
    },
    async useTool(answer) {
      const tools = { [weather.name]: tool({ ...weatherTool, execute: () => answer }) }
      return (await generateText({ ...settings({}), tools, stopWhen: isStepCount(2) })).text
    },
    failure(error) {
      if (!APICallError.isInstance(error)) return undefined
      return { status: error.statusCode, retryAfter: error.responseHeaders?.['retry-after'] ?? null }
    },
    isAbort: (error) => error instanceof Error && error.name === 'AbortError',
  }
}

describeClient('The AI SDK’s OpenAI provider, chatting', world, {
  routes: ['openai', 'claude'],
  client: (url) => clientOf(models.openai(url).chat('gpt-mini')),
})
describeClient('The AI SDK’s OpenAI provider, with Responses', world, {
  routes: ['openai', 'chat'],
  client: (url) => clientOf(models.openai(url).responses('gpt-mini')),
})
describeClient('The AI SDK’s compatible provider', world, {
  routes: ['openai', 'claude'],
  client: (url) => clientOf(models.compatible(url).chatModel('qwen')),
})
describeClient('The AI SDK’s Anthropic provider', world, {
  routes: ['claude', 'openai'],
  client: (url) => clientOf(models.anthropic(url).messages('claude-sonnet-4-5')),
})

describe('The AI SDK', () => {
  test.each([
    ['openai', (url: string) => models.openai(url).embedding('small')],
    ['compatible', (url: string) => models.compatible(url).embeddingModel('small')],
  ])('gets embeddings by its %s provider', async (_, embedding) => {
    const { embeddings, usage } = await embedMany({
      model: embedding(world().url('openai')),
      values: ['a', 'b'],
    })
    expect(embeddings).toEqual([
      [0.1, 0.2, 0.3],
      [0.1, 0.2, 0.3],
    ])
    expect(usage.tokens).toBe(10)
  })

  test.each([
    ['openai', 'openai', (url: string) => models.openai(url).chat('gpt-mini')],
    ['openai', 'claude', (url: string) => models.openai(url).chat('gpt-mini')],
    ['anthropic', 'openai', (url: string) => models.anthropic(url).messages('claude-sonnet-4-5')],
    ['responses', 'chat', (url: string) => models.openai(url).responses('gpt-5-mini')],
    ['responses', 'claude', (url: string) => models.openai(url).responses('gpt-5-mini')],
    ['anthropic', 'responses', (url: string) => models.anthropic(url).messages('claude-sonnet-4-5')],
    ['openai', 'responses', (url: string) => models.openai(url).chat('gpt-mini')],
  ] as const)('gets an object by its %s provider at %s', async (_, route, model) => {
    world().llm.setScenario({ words: ['{"city":', '"Paris"}'] })
    const schema = jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    })
    const { output } = await generateText({
      model: model(world().url(route)),
      prompt: question,
      output: Output.object({ schema }),
    })
    expect(output).toEqual({ city: 'Paris' })
    expect(world().llm.requests[0]?.body).toContain('json_schema')
  })
})

describe('What the model thinks', () => {
  const reasoning = ['Rain', ' or', ' sun?']

  const thinkers = [
    ['compatible', 'openai', (url: string) => models.compatible(url).chatModel('qwen')],
    ['compatible', 'claude', (url: string) => models.compatible(url).chatModel('qwen')],
    ['anthropic', 'claude', (url: string) => models.anthropic(url).messages('claude-sonnet-4-5')],
    ['anthropic', 'openai', (url: string) => models.anthropic(url).messages('claude-sonnet-4-5')],
    ['responses', 'chat', (url: string) => models.openai(url).responses('gpt-5-mini')],
    ['responses', 'claude', (url: string) => models.openai(url).responses('gpt-5-mini')],
  ] as const

  test.each(thinkers)('is told by the %s provider at %s, whole and streamed', async (_, route, open) => {
    world().llm.setScenario({ reasoning, words: ['Sun'] })
    const model = open(world().url(route))
    const told = await generateText({ model, prompt: question })
    expect(told).toMatchObject({ reasoningText: reasoning.join(''), text: 'Sun' })

    const pieces: string[] = []
    let text = ''
    for await (const part of streamText({ model, prompt: question, onError: silent }).fullStream) {
      if (part.type === 'reasoning-delta' && part.text !== '') pieces.push(part.text)
      if (part.type === 'text-delta') text += part.text
    }
    expect(pieces).toEqual(reasoning)
    expect(text).toBe('Sun')
  })

  test.each(thinkers)(
    'may stand between calls of tools, by the %s provider at %s',
    async (_, route, open) => {
      const called = [{ name: weather.name, input: { city: 'Paris' } }]
      world().llm.setScript(({ body }) =>
        body.includes('21 degrees') ? { words: ['Sun'] } : { reasoning, tool: called },
      )
      expect(await clientOf(open(world().url(route))).useTool('21 degrees')).toBe('Sun')
    },
  )
})
