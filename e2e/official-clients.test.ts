// The official clients, each at providers that speak another protocol than theirs: they must not notice.
import Anthropic from '@anthropic-ai/sdk'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let llm: LlmServer

beforeAll(async () => {
  weir = await startWeir()
  llm = await startLlmServer({ name: 'llm' })
  const routes: Readonly<Record<string, object>> = {
    compatible: { provider: 'openai-compatible', override: { endpoint: llm.url } },
    chat: { provider: 'openai', override: { endpoint: `${llm.url}/v1/chat/completions` } },
    anthropic: { provider: 'anthropic', override: { endpoint: llm.url } },
    messages: { provider: 'anthropic', override: { endpoint: `${llm.url}/v1/messages` } },
  }
  for (const [name, settings] of Object.entries(routes)) {
    const proxy = { auth: {}, options: { model: `model-of-${name}` }, ...settings }
    await weir.put(`routes/${name}`, { uri: `/${name}/*`, plugins: { 'ai-proxy': proxy } })
    await untilRouted(`${weir.proxyUrl}/${name}/none`)
  }
}, 60_000)
afterAll(async () => {
  await weir.stop()
  await llm.close()
})
beforeEach(() => {
  llm.setScenario(undefined)
  llm.clear()
})

describe('Anthropic’s client', () => {
  const client = (route: string) =>
    new Anthropic({ baseURL: `${weir.proxyUrl}/${route}`, apiKey: 'key', maxRetries: 0 })
  const hello: Anthropic.MessageCreateParamsNonStreaming = {
    model: 'claude',
    max_tokens: 50,
    messages: [{ role: 'user', content: 'hi' }],
  }
  const tools: Anthropic.Tool[] = [{ name: 'get_weather', input_schema: { type: 'object', properties: {} } }]

  test.each([
    ['compatible', '/v1/chat/completions'],
    ['anthropic', '/v1/messages'],
  ])('gets a message from %s', async (route, url) => {
    const message = await client(route).messages.create(hello)
    expect(message).toMatchObject({
      type: 'message',
      model: `model-of-${route}`,
      content: [{ type: 'text', text: 'Hello from mock llm' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 5 },
    })
    expect(llm.requests[0]?.url).toBe(url)
  })

  test('gets a stream', async () => {
    const stream = client('compatible').messages.stream(hello)
    const message = await stream.finalMessage()
    expect(message).toMatchObject({
      content: [{ type: 'text', text: 'Hello from mock llm' }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 5 },
    })
  })

  test('gets calls of tools, at once and streamed', async () => {
    llm.setScenario({ tool: true })
    const called = { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Paris' } }
    const whole = await client('compatible').messages.create({ ...hello, tools })
    expect(whole).toMatchObject({ content: [called], stop_reason: 'tool_use' })
    const streamed = await client('compatible')
      .messages.stream({ ...hello, tools })
      .finalMessage()
    expect(streamed).toMatchObject({ content: [called], stop_reason: 'tool_use' })
  })

  test('gets errors as its own', async () => {
    llm.setScenario({ status: 404 })
    const error: unknown = await client('compatible')
      .messages.create(hello)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Anthropic.NotFoundError)
    expect(error).toMatchObject({ error: { type: 'error', error: { message: 'mock error 404' } } })
  })

  test.each(['compatible', 'anthropic'])('is told that a stream of %s broke', async (route) => {
    llm.setScenario({ cutAfterChunks: 2 })
    await expect(client(route).messages.stream(hello).finalMessage()).rejects.toThrow(
      /before its answer was complete/,
    )
  })

  test('has its tokens counted', async () => {
    const { input_tokens: tokens } = await client('compatible').messages.countTokens({
      model: 'claude',
      messages: hello.messages,
    })
    expect(tokens).toBeGreaterThan(0)
    expect(llm.requests).toHaveLength(0)
  })
})

describe('OpenAI’s client', () => {
  const client = (route: string) =>
    new OpenAI({ baseURL: `${weir.proxyUrl}/${route}/v1`, apiKey: 'key', maxRetries: 0 })
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]
  const input = { model: 'gpt', input: 'hi' }
  const tools: OpenAI.Responses.Tool[] = [
    { type: 'function', name: 'get_weather', parameters: {}, strict: false },
  ]

  test('chats with Anthropic’s own endpoint', async () => {
    const chat = await client('messages').chat.completions.create({ model: 'gpt', messages })
    expect(chat.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello from mock llm' },
      finish_reason: 'stop',
    })
    expect(chat.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 })
    expect(llm.requests[0]).toMatchObject({ url: '/v1/messages', json: { model: 'model-of-messages' } })
  })

  test('streams from it', async () => {
    const stream = client('messages').chat.completions.stream({ model: 'gpt', messages })
    const chat = await stream.finalChatCompletion()
    expect(chat.choices[0]).toMatchObject({ message: { content: 'Hello' }, finish_reason: 'stop' })
  })

  test('gets a response where only chats are answered', async () => {
    const response = await client('chat').responses.create(input)
    expect(response).toMatchObject({ status: 'completed', output_text: 'Hello from mock llm' })
    expect(response.usage).toMatchObject({ input_tokens: 10, output_tokens: 5, total_tokens: 15 })
    expect(llm.requests[0]?.url).toBe('/v1/chat/completions')
  })

  test('streams a response, with the calls of tools', async () => {
    const text = await client('chat').responses.stream(input).finalResponse()
    expect(text).toMatchObject({ status: 'completed', output_text: 'Hello from mock llm' })
    llm.setScenario({ tool: true })
    const called = await client('chat')
      .responses.stream({ ...input, tools })
      .finalResponse()
    expect(called.output).toMatchObject([
      { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
    ])
  })

  test('lists the models', async () => {
    const { data } = await client('messages').models.list()
    expect(data).toMatchObject([{ id: 'model-of-messages', object: 'model', owned_by: 'anthropic' }])
  })
})
