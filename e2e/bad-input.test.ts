// Bad input at both doors: a clear error, nothing stored, nothing crashed.
import { connect } from 'node:net'
import { rawRequest, startLlmServer, type LlmServer, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, untilRouted } from './world/calls.ts'
import { adminKey, startWeir, viewerKey, type Weir } from './world/weir.ts'

let weir: Weir
let model: LlmServer

beforeAll(async () => {
  weir = await startWeir({
    nginxConfig: { http: { client_header_timeout: '1s', client_body_timeout: '1s' } },
  })
  model = await startLlmServer()
  await weir.put('routes/chat', {
    uri: '/chat',
    plugins: {
      'ai-proxy': {
        provider: 'openai-compatible',
        auth: {},
        override: { endpoint: model.url },
        max_req_body_size: 100_000,
      },
    },
  })
  await untilRouted(`${weir.proxyUrl}/chat`)
})
afterAll(async () => {
  await weir.stop()
  await model.close()
})

const admin = (method: string, path: string, body?: string, key = adminKey) =>
  rawRequest({
    port: weir.adminPort,
    method,
    path: `/apisix/admin/${path}`,
    headers: { 'X-API-KEY': key },
    ...(body !== undefined && { body }),
  })

test.each([
  ['no JSON', '{"uri": "/x"', /invalid request body/],
  [
    'a wrong type',
    '{"uri": 1}',
    /property \\"uri\\" validation failed: wrong type: expected string, got number/,
  ],
  [
    'an unknown field',
    '{"uri":"/x","plugins":{},"color":"red"}',
    /additional properties forbidden, found color/,
  ],
  ['an unknown plugin', '{"uri":"/x","plugins":{"nope":{}}}', /unknown plugin \[nope\]/],
  [
    'a bad plugin configuration',
    '{"uri":"/x","plugins":{"ai-proxy":{}}}',
    /check the configuration of plugin ai-proxy/,
  ],
  [
    'a reference to nothing',
    '{"uri":"/x","service_id":"none"}',
    /failed to fetch service info by service id \[none\]/,
  ],
  [
    'a huge body',
    JSON.stringify({ uri: '/x', plugins: {}, desc: 'x'.repeat(2_000_000) }),
    /invalid request body/,
  ],
])('Admin API: %s is refused and nothing is stored', async (_, body, reason) => {
  const answer = await admin('PUT', 'routes/bad', body)
  expect(answer.status).toBe(400)
  expect(answer.text).toMatch(reason)
  expect((await admin('GET', 'routes/bad')).status).toBe(404)
})

test('Admin API: keys and roles', async () => {
  expect((await admin('GET', 'routes', undefined, 'wrong')).status).toBe(401)
  expect((await admin('GET', 'routes', undefined, viewerKey)).status).toBe(200)
  expect((await admin('DELETE', 'routes/chat', undefined, viewerKey)).status).toBe(401)
  expect((await admin('GET', 'routes/chat')).status).toBe(200)
})

test.each([
  ['no JSON', '{"messages": [', 400],
  ['no body', '', 400],
  ['no messages', '{}', 400],
  ['an array', '[]', 400],
  [
    'a body over the limit',
    JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(100_001) }] }),
    413,
  ],
])('proxy: %s', async (_, body, status) => {
  const answer = await rawRequest({
    port: weir.proxyPort,
    method: 'POST',
    path: '/chat',
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  expect(answer.status).toBe(status)
  expect(answer.text).not.toBe('')
})

test('proxy: huge headers are refused', async () => {
  const answer = await rawRequest({ port: weir.proxyPort, headers: { 'X-Big': 'x'.repeat(1_000_000) } })
  expect(answer.status).toBe(431)
})

test('proxy: bytes that are no HTTP are refused', async () => {
  const socket = connect(weir.proxyPort, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString()))
  socket.write('\u0000\u0001 garbage\r\n\r\n')
  await until(() => socket.closed)
  expect(text).toMatch(/^HTTP\/1\.1 400/)
})

test.each([
  ['head', 'POST /chat HTTP/1.1\r\nHost: x\r\nContent-Ty'],
  [
    'body',
    'POST /chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"mess',
  ],
])('proxy: a client that stops in the middle of its %s is let go', async (_, bytes) => {
  const socket = connect(weir.proxyPort, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  socket.write(bytes)
  await until(() => socket.closed, { timeoutMs: 20_000 })
  expect((await chat(`${weir.proxyUrl}/chat`, 'hi')).status).toBe(200)
})
