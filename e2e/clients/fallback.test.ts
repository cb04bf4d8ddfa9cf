// From a provider of one protocol to one of another: the client notices neither the failure nor the change.
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { untilRouted } from '../world/calls.ts'
import { question } from './client.ts'
import { useWorld } from './suite.ts'

const world = useWorld()
const url = () => `${world().weir.proxyUrl}/either`
const words = ['Hello', ' again']
const messages = [{ role: 'user' as const, content: question }]

beforeAll(async () => {
  const { weir, llm } = world()
  const instance = (provider: string, path: string, priority: number) => ({
    name: provider,
    provider,
    priority,
    weight: 1,
    auth: {},
    options: { model: `of-${provider}` },
    override: { endpoint: llm.url + path },
  })
  const instances = [instance('openai', '/v1/chat/completions', 1), instance('anthropic', '/v1/messages', 0)]
  const proxy = { fallback_strategy: ['http_5xx', 'http_429'], instances }
  await weir.put('routes/either', { uri: '/either/*', plugins: { 'ai-proxy-multi': proxy } })
  await untilRouted(`${url()}/none`)
})

beforeEach(() => {
  world().llm.setScript(({ url: path }) =>
    path === '/v1/chat/completions' ? { status: 503, headers: { 'Retry-After': '60' } } : { words },
  )
})

function expectBothAsked(): void {
  expect(world().llm.requests.map(({ json }) => (json as { model: string }).model)).toEqual([
    'of-openai',
    'of-anthropic',
  ])
}

test('OpenAI’s client', async () => {
  const { completions } = new OpenAI({ baseURL: `${url()}/v1`, apiKey: 'key', maxRetries: 0 }).chat
  const whole = await completions.create({ model: 'any', messages })
  expect(whole.choices[0]?.message.content).toBe(words.join(''))
  expectBothAsked()
  world().llm.clear()
  const streamed = await completions.stream({ model: 'any', messages }).finalContent()
  expect(streamed).toBe(words.join(''))
  expectBothAsked()
})

test('Anthropic’s client', async () => {
  const client = new Anthropic({ baseURL: url(), apiKey: 'key', maxRetries: 0 })
  const asked = { model: 'any', max_tokens: 100, messages }
  const whole = await client.messages.create(asked)
  expect(whole.content).toMatchObject([{ type: 'text', text: words.join('') }])
  expectBothAsked()
  world().llm.clear()
  expect(await client.messages.stream(asked).finalText()).toBe(words.join(''))
  expectBothAsked()
})
