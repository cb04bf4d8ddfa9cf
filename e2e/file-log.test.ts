// What file-logger writes of requests to LLMs, when ai-proxy is asked to tell.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LlmServer, startLlmServer, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let provider: LlmServer

beforeAll(async () => {
  provider = await startLlmServer()
  weir = await startWeir()
  await weir.put('consumers/jack', { username: 'jack', plugins: { 'key-auth': { key: 'sk-jack' } } })
  await weir.put('routes/1', {
    uri: '/v1/*',
    plugins: {
      'key-auth': {},
      'file-logger': { path: join(weir.directory, 'requests.log') },
      'ai-proxy': {
        provider: 'openai-compatible',
        auth: { header: { Authorization: 'Bearer sk-provider' } },
        override: { endpoint: `${provider.url}/v1/chat/completions` },
        logging: { summaries: true, payloads: true },
      },
    },
  })
  await untilRouted(`${weir.proxyUrl}/v1/x`)
}, 120_000)
afterAll(async () => {
  await weir.stop()
  await provider.close()
})

function linesOf(model: string): readonly unknown[] {
  const text = readFileSync(join(weir.directory, 'requests.log'), 'utf8')
  const lines = text.split('\n').filter((line) => line.includes(`"${model}"`))
  return lines.map((line) => JSON.parse(line) as unknown)
}

test.each([
  ['whole', false],
  ['streamed', true],
])('an answer that is %s', async (model, stream) => {
  const messages = [{ role: 'user', content: 'hi' }]
  const response = await fetch(`${weir.proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', apikey: 'sk-jack' },
    body: JSON.stringify({ model, messages, stream }),
  })
  expect(response.status).toBe(200)
  await response.text()
  await until(() => linesOf(model).length === 1)
  const [line] = linesOf(model)
  expect(line).toMatchObject({
    route_id: '1',
    consumer: { username: 'jack' },
    request: { headers: { apikey: '***' } },
    llm_summary: {
      request_model: model,
      model,
      stream: String(stream),
      prompt_tokens: 10,
      completion_tokens: 5,
    },
    llm_request: { messages, stream },
    llm_response_text: { content: expect.stringContaining('Hello') as string },
  })
  expect(JSON.stringify(line)).not.toContain('sk-')
})
