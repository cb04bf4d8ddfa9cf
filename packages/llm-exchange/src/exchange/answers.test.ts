// What a good answer looks like from both sides.
import { consumedHeaders } from '@weir/plugin-api'
import { createTestContext } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { call, hello, open, streamed } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const server = await serverOfFile()

const endpoint = (path = '') => ({ override: { endpoint: server.url + path } })

test('what clients obey before they ask again reaches them', async () => {
  server.setScenario({
    status: 429,
    headers: { 'Retry-After': '2', 'retry-after-ms': '1500', 'x-should-retry': 'true' },
  })
  const { header } = await call(world.route([endpoint()]))
  expect(header('retry-after')).toBe('2')
  expect(header('retry-after-ms')).toBe('1500')
  expect(header('x-should-retry')).toBe('true')
})

test('an answer passes as it is, and what it cost is known', async () => {
  const text = '{ "model": "m", "messages": [{"role":"user","content":"hi"}] }'
  const {
    status,
    text: answer,
    header,
    ctx,
    response,
  } = await call(world.route([endpoint()]), {
    request: { body: text, headers: { 'content-type': 'application/json' }, target: '/x' },
  })
  expect(status).toBe(200)
  expect(JSON.parse(answer)).toMatchObject({
    choices: [{ message: { content: `Hello from mock ${server.port}` } }],
  })
  expect(header('content-type')).toBe('application/json')
  expect(header('x-request-id')).toBe('mock-req')
  for (const name of ['set-cookie', 'openai-organization', 'x-mock-port'])
    expect(header(name)).toBeUndefined()
  expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions', body: text })
  expect(ctx.llm).toMatchObject({
    stream: false,
    model: 'm',
    instance: 'i0',
    usage: { promptTokens: 10, completionTokens: 5, totalTokens: 15, source: 'reported' },
    responseText: `Hello from mock ${server.port}`,
    hasToolCalls: false,
  })
  expect(response).toMatchObject({ source: 'upstream', answer: { text: `Hello from mock ${server.port}` } })
  expect(ctx.upstream).toMatchObject({
    node: 'i0',
    scheme: 'http',
    host: '127.0.0.1',
    uri: '/v1/chat/completions',
  })
  expect(ctx.upstream.attempts).toMatchObject([{ address: `127.0.0.1:${server.port}`, status: 200 }])
})

test('a stream passes chunk by chunk, untouched', async () => {
  const { text, header, chunks, ctx } = await call(world.route([endpoint('/d/5')]), {
    request: { body: streamed },
  })
  expect(header('content-type')).toBe('text/event-stream')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(chunks.length).toBeGreaterThan(2)
  expect(server.requests[0]?.json).toEqual({ ...streamed, stream_options: { include_usage: true } })
  expect(ctx.llm).toMatchObject({
    stream: true,
    usage: { totalTokens: 15, source: 'reported', interrupted: false },
  })
  expect(ctx.llm?.responseText).toBe('')
})

test('the text of a stream is collected when a plugin asks for it', async () => {
  const route = world.route([endpoint('/w/5')])
  const ctx = createTestContext({ request: { body: streamed } })
  await route.access(ctx)
  ctx.llm?.collectText()
  const response = await route.proxy(ctx)
  let text = ''
  await new Promise<void>((resolve, reject) => {
    if (typeof response.body !== 'object' || Buffer.isBuffer(response.body)) throw new Error('no stream')
    response.body.start({ chunk: (bytes) => (text += bytes.toString()), end: resolve, fail: reject })
  })
  const words = [...text.matchAll(/"content":"([^"]+)"/g)].map(([, word]) => word)
  expect(ctx.llm?.responseText).toBe(words.join(''))
})

test('credentials of the instance replace the client’s, and what authenticated at the gateway stays here', async () => {
  const headers = {
    authorization: 'Bearer client',
    apikey: 'gateway-key',
    'x-extra': '1',
    'accept-encoding': 'gzip',
    connection: 'x-private, keep-alive',
    'x-private': '1',
    host: 'gateway.test',
  }
  const route = world.route([
    {
      ...endpoint('/v1/x?b=2&a=0'),
      auth: { header: { Authorization: 'Bearer up' }, query: { a: '1', k: 'q' } },
    },
  ])
  const ctx = createTestContext({ request: { body: hello, headers } })
  ctx.state.set(consumedHeaders, ['apikey'])
  await open(route, ctx)
  const [seen] = server.requests
  expect(seen?.url).toBe('/v1/x?a=0&k=q&b=2')
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer up',
    'x-extra': '1',
    'content-type': 'application/json',
    host: `127.0.0.1:${server.port}`,
  })
  for (const name of ['apikey', 'accept-encoding', 'x-private']) expect(seen?.headers[name]).toBeUndefined()
  expect(seen?.rawHeaders.filter(([name]) => name.toLowerCase() === 'content-type')).toHaveLength(1)

  await call(world.route([endpoint()]), { request: { body: hello, headers } })
  expect(server.requests[1]?.headers).toMatchObject({ authorization: 'Bearer client', apikey: 'gateway-key' })
})

test('options, limits and patches shape the body; the client’s protocol finds its path', async () => {
  const route = world.route([
    {
      provider: 'openai',
      options: { model: 'forced', temperature: 0.2 },
      override: {
        endpoint: server.url,
        llm_options: { max_tokens: 33 },
        request_body: { 'openai-chat': { seed: 1 }, 'openai-embeddings': { dimensions: 3 } },
      },
    },
  ])
  const tools = [{ type: 'function' }]
  const { ctx } = await call(route, { request: { body: { ...hello, max_tokens: 5, user: 'u', tools } } })
  expect(server.requests[0]?.json).toEqual({
    messages: hello.messages,
    model: 'forced',
    temperature: 0.2,
    max_completion_tokens: 33,
    seed: 1,
    user: 'u',
    tools,
  })
  expect(ctx.llm).toMatchObject({ model: 'forced', requestModel: 'm', toolCount: 1, endUser: 'u' })

  await call(route, { request: { body: { input: 'x' }, target: '/any/embeddings' } })
  expect(server.requests[1]).toMatchObject({
    url: '/v1/embeddings',
    json: { dimensions: 3, model: 'forced' },
  })
  await call(route, { request: { body: { input: 'x' }, target: '/v1/responses' } })
  expect(server.requests[2]?.url).toBe('/v1/responses')
  await call(route, { request: { body: { foo: 1 }, target: '/p/moderations?x=1', method: 'PUT' } })
  expect(server.requests[3]).toMatchObject({ method: 'PUT', url: '/p/moderations?x=1' })
})

test('a protocol that the provider does not speak is refused', async () => {
  const route = world.route([{ ...endpoint(), provider: 'deepseek' }])
  expect(await call(route, { request: { body: { input: 'x' } } })).toMatchObject({
    status: 400,
    text: 'provider deepseek does not support openai-embeddings protocol (supported: openai-chat)',
  })
  expect(await call(route, { request: { body: hello, target: '/m/converse' } })).toMatchObject({
    status: 400,
  })
  expect(server.requests).toHaveLength(0)
})

test.each([
  [
    'plain text',
    { headers: { 'content-type': 'text/plain' }, body: '{}' },
    400,
    'unsupported content-type: text/plain, only application/json is supported',
  ],
  ['nothing', {}, 400, '{"message":"could not get body: request body is empty"}\n'],
  ['no protocol', { body: {} }, 400, 'no matching AI protocol for the request'],
  [
    'too much',
    { body: { x: 'y'.repeat(1024 * 1024) } },
    413,
    '{"message":"could not get body: request size 1048584 is greater than the maximum size 1048576 allowed"}\n',
  ],
])('%s is refused before anything is called', async (_, request, status, text) => {
  expect(await call(world.route([endpoint()]), { request })).toMatchObject({ status, text })
  expect(server.requests).toHaveLength(0)
})

test('broken JSON is refused with the parser’s words', async () => {
  const { status, text } = await call(world.route([endpoint()]), { request: { body: '{"messages":[' } })
  expect(status).toBe(400)
  expect(text).toMatch(/^\{"message":"could not parse JSON request body: .+"\}\n$/)
})

test.each([
  ['404 of the upstream', '/s/e404', 404, /mock error 404/],
  ['201', '/s/h201', 201, /Hello/],
  ['204', '/s/nobody204', 204, /^$/],
  ['no JSON', '/s/badjson', 200, /^\{"choices": \[ broken$/],
  ['429', '/s/e429', 429, /mock error 429/],
  ['503', '/s/e503', 503, /mock error 503/],
])('%s is passed on', async (_, path, status, text) => {
  const result = await call(world.route([endpoint(path)]))
  expect(result.status).toBe(status)
  expect(result.text).toMatch(text)
  expect(result.response.source).toBe('upstream')
})

test('a stream asked for but answered with a document is a document', async () => {
  const { header, text, ctx } = await call(world.route([endpoint('/s/ignorestream')]), {
    request: { body: streamed },
  })
  expect(header('content-type')).toBe('application/json')
  expect(text).toContain('chat.completion')
  expect(ctx.llm?.usage?.totalTokens).toBe(15)
})

test('without reported usage the cost is estimated and says so', async () => {
  const whole = await call(world.route([endpoint('/s/nousage')]))
  expect(whole.ctx.llm?.usage).toMatchObject({ source: 'estimated', interrupted: false })
  const stream = await call(world.route([endpoint('/s/nousage/w/100')]), { request: { body: streamed } })
  expect(stream.ctx.llm?.usage?.source).toBe('estimated')
  expect(stream.ctx.llm?.usage?.completionTokens).toBeGreaterThan(50)
})

test('a tool call is noticed', async () => {
  expect((await call(world.route([endpoint('/s/tool')]))).ctx.llm?.hasToolCalls).toBe(true)
  const stream = await call(world.route([endpoint('/s/tool')]), { request: { body: streamed } })
  expect(stream.ctx.llm?.hasToolCalls).toBe(true)
})
