// Beyond what was recorded: each protocol's calls of tools, thoughts and errors, as its clients read them.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postJson } from '../http/index.ts'
import { type LlmServer, type Scenario, startLlmServer } from './index.ts'

let server: LlmServer
beforeAll(async () => {
  server = await startLlmServer()
})
afterAll(() => server.close())
beforeEach(() => server.setScenario(undefined))

const tool = [
  { name: 'get_weather', input: { city: 'Paris' } },
  { name: 'get_time', input: { city: '東京' } },
]

const protocols = [
  ['/v1/chat/completions', {}, { stream: true }],
  ['/v1/messages', {}, { stream: true }],
  ['/v1/responses', {}, { stream: true }],
] as const

async function ask(path: string, body: object, scenario: Scenario = {}): Promise<string> {
  server.setScenario(scenario)
  return (await postJson(server.port, path, { model: 'm', ...body })).text
}

/** The members `name` of all events, JSON strings unescaped, joined. */
function joined(events: string, name: string): string {
  const values = events.matchAll(new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`, 'g'))
  return Array.from(values, ([, text = '""']) => JSON.parse(text) as string).join('')
}

describe.each(protocols)('%s', (path, whole, streamed) => {
  const piece = {
    '/v1/chat/completions': 'arguments',
    '/v1/messages': 'partial_json',
    '/v1/responses': 'delta',
  }

  test('calls tools in parallel', async () => {
    for (const { name } of tool) expect(await ask(path, whole, { tool })).toContain(`"name":"${name}"`)
    const events = await ask(path, streamed, { tool })
    expect(joined(events, piece[path])).toBe(tool.map(({ input }) => JSON.stringify(input)).join(''))
  })

  test('streams the words', async () => {
    const words = ['a', ' b', ' "c"']
    const member = { '/v1/chat/completions': 'content', '/v1/messages': 'text', '/v1/responses': 'delta' }
    expect(joined(await ask(path, streamed, { words }), member[path])).toBe(words.join(''))
  })
})

test('thoughts come before the answer', async () => {
  const reasoning = ['hm', '!']
  for (const [path, member] of [
    ['/v1/chat/completions', 'reasoning_content'],
    ['/v1/messages', 'thinking'],
  ] as const) {
    expect(await ask(path, {}, { reasoning })).toContain(`"${member}":"hm!"`)
    expect(joined(await ask(path, { stream: true }, { reasoning }), member)).toBe('hm!')
  }
})

test('embeddings come packed when they are asked for so', async () => {
  const [, packed = ''] =
    /"embedding":"([^"]+)"/.exec(await ask('/v1/embeddings', { input: 'a', encoding_format: 'base64' })) ?? []
  expect(Buffer.from(packed, 'base64').readFloatLE(8)).toBeCloseTo(0.3)
})

test('Gemini’s own API: whole, streamed without a terminator, and embeddings', async () => {
  const path = '/v1beta/models/g:generateContent'
  expect(await ask(path, {}, { words: ['a', 'b'] })).toContain('"parts":[{"text":"ab"}]')
  expect(await ask(path, {}, { tool })).toContain('"functionCall":{"name":"get_time","args":{"city":"東京"}}')
  const events = await ask('/v1beta/models/g:streamGenerateContent?alt=sse', {}, { words: ['a', 'b'] })
  expect(joined(events, 'text')).toBe('ab')
  expect(events.endsWith('}\n\n')).toBe(true)
  const vectors = await ask('/v1beta/models/e:batchEmbedContents', { requests: [{}, {}] })
  expect(vectors).toContain('{"embeddings":[{"values":[0.1,0.2,0.3]},{"values":[0.1,0.2,0.3]}]}')
})

test.each([
  ['/v1/chat/completions', { message: 'mock error 404', type: 'mock_error', code: '404' }],
  ['/v1/messages', { type: 'not_found_error', message: 'mock error 404' }],
  ['/v1beta/models/g:generateContent', { code: 404, message: 'mock error 404', status: 'NOT_FOUND' }],
])('an error of %s', async (path, error) => {
  expect(JSON.parse(await ask(path, {}, { status: 404 }))).toMatchObject({ error })
})

test('a stream says what failed, and may be full of pings', async () => {
  for (const [path] of protocols) {
    const failed = await ask(path, { stream: true }, { words: ['a', 'b'], errorAfterChunks: 2 })
    expect(failed).toContain('mock error 529')
    expect(failed).not.toMatch(/DONE|message_stop|response\.completed/)
    const chatty = await ask(path, { stream: true }, { chatty: true })
    expect(chatty).toMatch(/^: still here\r\n\r\n/)
    expect(chatty.replaceAll('\r\n', '')).not.toContain('\n')
  }
})
