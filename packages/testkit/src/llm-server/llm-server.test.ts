import { afterEach, describe, expect, test } from 'vitest'
import { postJson, RawExchange, rawRequest } from '../http/index.ts'
import { asObject, parseJson } from '../json.ts'
import { until } from '../until.ts'
import { type LlmServer, startLlmServer } from './index.ts'

const servers: LlmServer[] = []
async function start(options: Parameters<typeof startLlmServer>[0] = {}) {
  const server = await startLlmServer(options)
  servers.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const hi = { model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }] }
const hiStream = { ...hi, stream: true, stream_options: { include_usage: true } }

// The bytes of the provider in the recordings that the contract is proved with; only the port's name is ours.
const chatJson =
  '{"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"gpt-x","choices":[{"index":0,' +
  '"message":{"role":"assistant","content":"Hello from mock 19101"},"finish_reason":"stop"}],' +
  '"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
const chunk = (rest: string) =>
  `data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1700000000,"model":"gpt-x",${rest}}\n\n`
const chatStream = [
  chunk('"choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]'),
  chunk('"choices":[{"index":0,"delta":{"content":" from"},"finish_reason":null}]'),
  chunk('"choices":[{"index":0,"delta":{"content":" mock"},"finish_reason":null}]'),
  chunk('"choices":[{"index":0,"delta":{"content":" 19101"},"finish_reason":null}]'),
  chunk('"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]'),
  chunk('"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}'),
  'data: [DONE]\n\n',
]

describe('answers are those of the recorded provider', () => {
  const withoutUsage = chatStream.toSpliced(5, 1).join('')
  test.each([
    ['/s/ok/v1/chat/completions', hi, 200, 'application/json', chatJson],
    ['/v1/chat/completions?x=y', hi, 200, 'application/json', chatJson],
    ['/s/h201/v1/chat/completions', hi, 201, 'application/json', chatJson],
    ['/s/ok/v1/chat/completions', hiStream, 200, 'text/event-stream', chatStream.join('')],
    ['/s/ok/v1/chat/completions', { ...hi, stream: true }, 200, 'text/event-stream', withoutUsage],
    ['/s/nousage/v1/chat/completions', hiStream, 200, 'text/event-stream', withoutUsage],
    ['/s/nodone/v1/chat/completions', hiStream, 200, 'text/event-stream', chatStream.slice(0, -1).join('')],
    ['/s/ignorestream/v1/chat/completions', hiStream, 200, 'application/json', chatJson],
    ['/s/badjson/v1/chat/completions', hi, 200, 'application/json', '{"choices": [ broken'],
    ['/s/empty/v1/chat/completions', hi, 200, 'application/json', ''],
    ['/s/nobody204/v1/chat/completions', hi, 204, undefined, ''],
    [
      '/s/noct/v1/chat/completions',
      hi,
      200,
      undefined,
      '{"id":"x","object":"chat.completion","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant",' +
        '"content":"no ct"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}',
    ],
    [
      '/s/e429/v1/chat/completions',
      hiStream,
      429,
      'application/json',
      '{"error":{"message":"mock error 429","type":"mock_error","code":"429"}}',
    ],
    [
      '/v1/embeddings',
      { model: 'e', input: 'hello' },
      200,
      'application/json',
      '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,0.2,0.3]}],"model":"e",' +
        '"usage":{"prompt_tokens":10,"total_tokens":10}}',
    ],
    [
      '/v1/responses',
      { model: 'r', input: 'hi' },
      200,
      'application/json',
      '{"id":"resp_1","object":"response","created_at":1700000000,"status":"completed","model":"r","output":' +
        '[{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Hello from responses"}]}],' +
        '"usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}',
    ],
  ])('%s', async (path, document, status, contentType, body) => {
    const server = await start({ name: '19101' })
    const response = await postJson(server.port, path, document)
    expect(response.status).toBe(status)
    expect(response.header('content-type')).toBe(contentType)
    expect(response.text).toBe(body)
    expect(response.ended).toBe('complete')
  })

  test('a path sets the usage, over what the server was started with', async () => {
    const server = await start({ usage: { prompt: 1, completion: 2 } })
    const plain = await postJson(server.port, '/v1/chat/completions', hi)
    expect(plain.text).toContain('"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}')
    const set = await postJson(server.port, '/s/ok/u/100-50/v1/chat/completions', hi)
    expect(set.text).toContain('"usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150}')
  })

  test('the headers of a plain answer', async () => {
    const server = await start({ name: '19101' })
    const { rawHeaders } = await postJson(server.port, '/v1/chat/completions', hi)
    expect(rawHeaders).toEqual(
      expect.arrayContaining([
        ['X-Mock-Port', '19101'],
        ['x-request-id', 'mock-req'],
        ['openai-organization', 'mock-org'],
        ['Set-Cookie', 'a=b'],
      ]),
    )
  })

  test('a call of a tool, whole and streamed', async () => {
    const server = await start()
    const whole = await postJson(server.port, '/s/tool/v1/chat/completions', hi)
    expect(whole.text).toContain('"tool_calls":[{"id":"call_1"')
    const streamed = await postJson(server.port, '/s/tool/v1/chat/completions', hiStream)
    expect(streamed.text).toContain('"finish_reason":"tool_calls"')
  })

  test('a moderation call is answered where no signature can be checked', async () => {
    const server = await start()
    const form = new URLSearchParams({
      AccessKeyId: 'k',
      ServiceParameters: JSON.stringify({ sessionId: 's', content: 'kill' }),
    })
    const response = await rawRequest({ port: server.port, method: 'POST', body: form.toString() })
    expect(asObject(asObject(parseJson(response.text))['Data'])['RiskLevel']).toBe('high')
  })
})

describe('faults', () => {
  test('cut: two chunks, then the end of the connection without an end of the answer', async () => {
    const server = await start({ name: '19101' })
    const response = await postJson(server.port, '/s/cut/v1/chat/completions', hiStream)
    expect(response.ended).toBe('cut')
    expect(response.text).toBe(chatStream.slice(0, 2).join(''))
    await until(() => server.requests[0]?.brokenOff)
    expect(server.requests[0]?.aborted).toBe(false)
  })

  test.each([
    ['close', 'cut', undefined],
    ['reset', 'cut', 'ECONNRESET'],
    ['garbage', 'malformed', 'not an HTTP response'],
  ])('%s', async (fault, ended, error) => {
    const server = await start()
    const response = await postJson(server.port, `/s/${fault}/v1/chat/completions`, hi)
    expect(response).toMatchObject({ status: 0, ended, error })
  })

  test.each(['hang', 'slow5000', 'drip', 'stall'])('%s: leaving early is noticed', async (fault) => {
    const server = await start()
    const body = JSON.stringify(hiStream)
    const exchange = new RawExchange({ port: server.port, path: `/s/${fault}/v1/chat/completions`, body })
    await until(() => server.openRequests === 1)
    if (fault === 'drip' || fault === 'stall') await until(() => exchange.parts.length > 0)
    exchange.leave()
    await until(() => server.requests[0]?.aborted)
    expect(server.openRequests).toBe(0)
  })

  test('refused while down, back on the same port', async () => {
    const server = await start()
    await server.refuse()
    expect(await postJson(server.port, '/v1/chat/completions', hi)).toMatchObject({ error: 'ECONNREFUSED' })
    await server.accept()
    expect(await postJson(server.port, '/v1/chat/completions', hi)).toMatchObject({ status: 200 })
  })

  test('unhealthy until told otherwise, by program or by curl', async () => {
    const server = await start({ name: 'self-hosted' })
    const status = async () => (await postJson(server.port, '/v1/chat/completions', hi)).status
    server.setHealthy(false)
    expect(await status()).toBe(503)
    const control = (word: string) =>
      rawRequest({ port: server.port, method: 'POST', path: `/_control/${word}` })
    expect((await control('up')).text).toBe('self-hosted is up\n')
    expect(await status()).toBe(200)
    expect((await control('down')).text).toBe('self-hosted is down\n')
    expect(await status()).toBe(503)
  })

  test('an unknown scenario is the mistake of whoever wrote the path', async () => {
    const server = await start()
    expect(await postJson(server.port, '/s/okk', hi)).toMatchObject({
      status: 400,
      text: 'unknown scenario okk',
    })
  })
})

test('a script decides by what was asked', async () => {
  const server = await start({ script: ({ body }) => (body.includes('hi') ? { status: 429 } : undefined) })
  expect((await postJson(server.port, '/v1/chat/completions', hi)).status).toBe(429)
  expect((await postJson(server.port, '/v1/chat/completions', { model: 'm' })).status).toBe(200)
})

test('records what it was asked', async () => {
  const server = await start()
  await postJson(server.port, '/v1/chat/completions?a=b', hi, { headers: { 'X-Twice': 'One' } })
  expect(server.requests).toHaveLength(1)
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    url: '/v1/chat/completions?a=b',
    headers: { 'x-twice': 'One', 'content-type': 'application/json' },
    body: JSON.stringify(hi),
    json: hi,
  })
  expect(server.requests[0]?.rawHeaders).toContainEqual(['X-Twice', 'One'])
  await until(() => server.requests[0]?.finished)
})

test('the chunks of a long stream all differ', async () => {
  const server = await start()
  const { parts } = await postJson(server.port, '/w/300/v1/chat/completions', hiStream)
  const events = Buffer.concat(parts.map((part) => part.bytes))
    .toString()
    .split('\n\n')
  expect(events).toHaveLength(300 + 4)
  expect(new Set(events).size).toBe(events.length)
})
