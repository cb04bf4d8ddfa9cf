// Bad days of providers and clients: nothing hangs, nothing lies, nothing is lost.
import { type LlmServer, RawExchange, rawRequest, startLlmServer, until } from '@weir/testkit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { accessLines, chat, untilRouted } from './world/calls.ts'
import { instance } from './world/instance.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let first: LlmServer
let second: LlmServer

beforeAll(async () => {
  weir = await startWeir()
  first = await startLlmServer({ name: 'first' })
  second = await startLlmServer({ name: 'second' })
  await weir.put('routes/one', {
    uri: '/one',
    plugins: {
      'ai-proxy': {
        provider: 'openai-compatible',
        auth: { header: { Authorization: 'Bearer key' } },
        override: { endpoint: first.url },
        timeout: 2000,
      },
    },
  })
  await weir.put('routes/two', {
    uri: '/two',
    plugins: {
      'ai-proxy-multi': {
        fallback_strategy: ['http_5xx', 'http_429'],
        timeout: 2000,
        instances: [instance('first', first, 2), instance('second', second, 1)],
      },
      'ai-rate-limiting': { limit: 1_000_000, time_window: 3600 },
    },
  })
  for (const path of ['/one', '/two']) await untilRouted(weir.proxyUrl + path)
})
afterAll(async () => {
  await weir.stop()
  await Promise.all([first.close(), second.close()])
})
beforeEach(async () => {
  first.setScenario(undefined)
  await first.accept()
})

const streamed = (path: string) => ({
  port: weir.proxyPort,
  path,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], stream: true }),
})

test.each([
  ['refuses connections', () => first.refuse(), 500],
  ['resets the connection', async () => first.setScenario({ fault: 'reset' }), 500],
  ['closes without a byte', async () => first.setScenario({ fault: 'close' }), 500],
  ['hangs', async () => first.setScenario({ fault: 'hang' }), 504],
  ['answers garbage', async () => first.setScenario({ fault: 'garbage' }), 500],
])(
  'a provider that %s: a clear error, and the next one answers where there is one',
  async (_, fail, status) => {
    await fail()
    const alone = await chat(`${weir.proxyUrl}/one`, 'hi')
    expect(alone.status).toBe(status)
    expect(await alone.json()).toHaveProperty('error_msg')
    const response = await chat(`${weir.proxyUrl}/two`, 'hi')
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('Hello from mock second')
  },
)

test('each attempt starts from the client’s own request, with its own credentials', async () => {
  first.setScenario({ status: 503 })
  await chat(`${weir.proxyUrl}/two`, 'hi')
  expect(first.requests.at(-1)?.headers['authorization']).toBe('Bearer key-of-first')
  expect(second.requests.at(-1)?.headers['authorization']).toBe('Bearer key-of-second')
})

test('a stream that is cut does not look complete', async () => {
  first.setScenario({ cutAfterChunks: 2 })
  const response = await rawRequest(streamed('/two'))
  expect(response.status).toBe(200)
  expect(response.text).not.toContain('[DONE]')
  expect(response.text).toContain('"error"')
  expect(response.ended).toBe('cut')
})

test('a stream that stalls is ended after the timeout, and does not look complete', async () => {
  first.setScenario({ stallAfterChunks: 2 })
  const response = await rawRequest(streamed('/two'))
  expect(response.text).not.toContain('[DONE]')
  expect(response.ended).toBe('cut')
  await until(() => first.openRequests === 0)
})

test('a client that leaves in mid-stream ends the call at once, and its tokens are accounted', async () => {
  first.setScenario({ gapMs: 100, words: Array.from({ length: 100 }, (_, i) => ` word${i}`) })
  const before = (await accessLines(weir.accessLog, 1)).length
  const exchange = new RawExchange(streamed('/two'))
  await until(() => exchange.parts.length > 2)
  exchange.leave()
  await until(() => first.requests.at(-1)?.aborted === true)
  const line = (await accessLines(weir.accessLog, before + 1)).at(-1)
  expect(line).toMatchObject({ outcome: 'client_gone', llm_stream: true })
  expect(Number(line?.['llm_completion_tokens'])).toBeGreaterThan(0)
  const next = await chat(`${weir.proxyUrl}/two`, 'hi')
  expect(Number(next.headers.get('x-ai-ratelimit-remaining-first'))).toBeLessThan(1_000_000)
})

test('a slow client gets everything, and holds the provider back meanwhile', async () => {
  first.setScenario({ words: Array.from({ length: 2000 }, (_, i) => ` ${i}-${'x'.repeat(500)}`) })
  const response = await chat(`${weir.proxyUrl}/two`, 'hi', { body: { stream: true } })
  const reader = response.body?.getReader()
  let text = ''
  const decoder = new TextDecoder()
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) break
    text += decoder.decode(part.value as Uint8Array, { stream: true })
  }
  expect(text.match(/^data: /gm)).toHaveLength(2000 + 3)
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
})

test('no key, token or prompt in any log or metric', async () => {
  await chat(`${weir.proxyUrl}/two`, 'the secret prompt', { headers: { apikey: 'the-secret-key' } })
  const lines = await accessLines(weir.accessLog, 3)
  const seen = JSON.stringify(lines) + weir.process.stdout + weir.process.stderr + (await weir.metrics())
  expect(seen).not.toMatch(/the secret prompt|the-secret-key|key-of-first/)
})
