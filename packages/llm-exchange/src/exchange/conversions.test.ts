// A client of one protocol, a provider of another: what goes wrong, and how often it is tried.
import { describe, expect, test } from 'vitest'
import { call } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const server = await serverOfFile()

const message = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
const streamed = { ...message, stream: true }
const endpoint = (path = '') => ({ override: { endpoint: server.url + path } })
const ask = (path: string, body: object = message, more = {}) =>
  call(world.route([{ ...endpoint(path), ...more }]), { request: { body, target: '/v1/messages' } })

test('a message is answered as one, and its cost is known in the client’s own terms', async () => {
  const { status, text, ctx } = await ask('')
  expect(status).toBe(200)
  expect(JSON.parse(text)).toMatchObject({ type: 'message', model: 'm', stop_reason: 'end_turn' })
  expect(server.requests[0]).toMatchObject({ url: '/v1/chat/completions' })
  expect(ctx.llm).toMatchObject({
    responseText: `Hello from mock ${server.port}`,
    usage: { promptTokens: 10, completionTokens: 5, source: 'reported' },
  })
})

test('a tool is called', async () => {
  const { text, ctx } = await ask('/s/tool')
  expect(JSON.parse(text)).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use' }] })
  expect(ctx.llm?.hasToolCalls).toBe(true)
})

test('a broken request is refused before anything is called', async () => {
  expect(await ask('', { model: 'm', messages: [] })).toMatchObject({
    status: 400,
    text: '{"error_msg":"missing messages"}\n',
  })
  expect(server.requests).toHaveLength(0)
})

test.each([
  ['404', '/s/e404', 404, /^\{"type":"error","error":\{"type":"mock_error","message":"mock error 404"\}\}$/],
  ['429, which is not converted', '/s/e429', 429, /"code":"429"/],
  ['no JSON', '/s/badjson', 200, /^\{"choices": \[ broken$/],
])('%s', async (_, path, status, text) => {
  const result = await ask(path)
  expect(result.status).toBe(status)
  expect(result.text).toMatch(text)
})

test('an answer without choices is a failure', async () => {
  server.setScenario({ body: '{"choices":[]}' })
  expect(await ask('')).toMatchObject({ status: 500, text: 'no choices in response' })
})

describe('a stream', () => {
  test('that is cut ends with an error event, and is broken off', async () => {
    const { text, ended } = await ask('/s/cut', streamed)
    expect(ended).toBe('broken')
    expect(text).toContain('event: content_block_delta\n')
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"api_error",.*\}\}\n\n$/)
    expect(text).not.toContain('message_stop')
  })

  test('without [DONE] after its end is complete', async () => {
    const { text, ended } = await ask('/s/nodone', streamed)
    expect(ended).toBe('complete')
    expect(text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true)
  })

  test('of which nothing can be made is a failure', async () => {
    server.setScenario({ body: 'data: oops\n\n', contentType: 'text/event-stream' })
    const { status, text } = await ask('', streamed)
    expect(status).toBe(502)
    expect(text).toMatch(/^streaming response completed without producing any output; /)
    server.setScenario({ body: 'data: [DONE]\n\n', contentType: 'text/event-stream' })
    expect((await ask('', streamed)).status).toBe(502)
  })

  test('has its text collected, and its cost', async () => {
    const { ctx } = await ask('', streamed)
    expect(ctx.llm?.usage).toMatchObject({ promptTokens: 10, completionTokens: 5, source: 'reported' })
  })
})

test('every attempt converts the client’s own request anew', async () => {
  const route = world.route(
    [
      { ...endpoint('/s/e500'), priority: 1, options: { temperature: 0, only: 'first' } },
      { ...endpoint(), provider: 'anthropic' },
    ],
    { fallback_strategy: 'http_5xx' },
  )
  const { status, text } = await call(route, { request: { body: message, target: '/v1/messages' } })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toMatchObject({ id: 'msg_1' })
  expect(server.requests.map(({ url }) => url)).toEqual(['/s/e500', '/v1/messages'])
  expect(server.requests[1]?.json).toEqual(message)
})

test('of a long body too', async () => {
  const long = { ...message, messages: [{ role: 'user', content: 'x'.repeat(300_000) }] }
  expect((await ask('', long)).status).toBe(200)
  expect(server.requests[0]?.json).toEqual({
    model: 'm',
    max_completion_tokens: 9,
    messages: long.messages,
  })
})

test('what a path needs and nobody names is said', async () => {
  const bedrock = {
    provider: 'bedrock',
    auth: { aws: { access_key_id: 'a', secret_access_key: 'b' } },
    provider_conf: { region: 'r' },
    ...endpoint(),
  }
  const body = { messages: [{ role: 'user', content: [{ text: 'hi' }] }] }
  const { status, text } = await call(world.route([bedrock]), { request: { body, target: '/x/converse' } })
  expect(status).toBe(400)
  expect(text).toContain('could not resolve upstream path')
})

test('without a token the instance has failed, and the next one is asked', async () => {
  const vertex = {
    provider: 'vertex-ai',
    auth: { gcp: { service_account_json: '{}' } },
    provider_conf: { project_id: 'p', region: 'r' },
    priority: 1,
  }
  const chat = {
    request: { body: { model: 'm', messages: message.messages }, target: '/v1/chat/completions' },
  }
  expect(await call(world.route([vertex]), chat)).toMatchObject({
    status: 500,
    text: '{"error_msg":"failed to get gcp access token: failed to get google oauth token"}\n',
  })
  const { status, ctx } = await call(
    world.route([vertex, endpoint()], { fallback_strategy: 'http_5xx' }),
    chat,
  )
  expect(status).toBe(200)
  expect(ctx.llm?.instance).toBe('i1')
})
