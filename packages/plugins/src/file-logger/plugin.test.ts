import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { noUsage, openaiChat } from '@weir/llm'
import {
  complaintAbout,
  createInstance,
  createTestExchange,
  createTestHost,
  runInstance,
  type RunOptions,
} from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileLogger } from './plugin.ts'

let folder: string
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-logger-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function logged(config: object, options: RunOptions = {}, metadata?: object, lines = 1) {
  const path = join(folder, `${++files}.log`)
  const given = metadata ? { ...metadata, path } : undefined
  const host = createTestHost({ metadata: () => given })
  const instance = createInstance(fileLogger, metadata ? config : { path, ...config }, host)
  for (let i = 0; i < Math.max(1, lines); i++) await runInstance(instance, options)
  instance.dispose?.()
  await until(() => readFileSync(path, 'utf8').split('\n').length === lines + 1)
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

const body = { model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }] }
const usage = { ...noUsage, promptTokens: 10, completionTokens: 5, totalTokens: 15 }
const llm = (logging?: { summaries: boolean; payloads: boolean }) => ({
  ...createTestExchange({
    protocol: openaiChat,
    body,
    usage,
    responseText: 'Hello',
    ...(logging && { logging }),
  }),
  timeToFirstTokenMs: 3,
  upstreamMs: 7,
})

const upstream = () => ({
  status: 201,
  headers: ['X-B', 'c', 'Set-Cookie', 'sk-4'],
  source: 'upstream' as const,
  body: 'made',
})

test('the default entry, without credentials', async () => {
  const headers = { host: 'a.test', authorization: 'Bearer sk-1', apikey: 'sk-2', 'x-a': 'b' }
  const [entry] = await logged(
    {},
    { request: { target: '/x?a=1&apikey=sk-3', headers }, consumer: 'jack', upstream },
  )
  expect(entry).toMatchObject({
    request: {
      url: 'http://a.test:9080/x?a=1&apikey=***',
      uri: '/x?a=1&apikey=***',
      method: 'GET',
      headers: { authorization: '***', apikey: '***', 'x-a': 'b' },
      querystring: { a: '1', apikey: '***' },
      size: 0,
    },
    response: { status: 201, headers: { 'x-b': 'c', 'set-cookie': '***' }, size: 4 },
    server: { version: '3.18.0' },
    route_id: '1',
    service_id: '',
    consumer: { username: 'jack' },
    client_ip: expect.any(String) as string,
    start_time: expect.any(Number) as number,
    latency: expect.any(Number) as number,
    apisix_latency: expect.any(Number) as number,
  })
  expect(entry).not.toHaveProperty('llm_summary')
  expect(JSON.stringify(entry)).not.toContain('sk-')
})

test('what ai-proxy is asked to tell', async () => {
  const [both] = await logged({}, { request: { body }, llm: llm({ summaries: true, payloads: true }) })
  expect(both).toMatchObject({
    llm_summary: {
      request_model: 'gpt-x',
      model: 'gpt-x',
      duration: 3,
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      upstream_response_time: 7,
      stream: 'false',
      tool_count: 0,
      has_tool_calls: 'false',
      end_user_id: '',
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      reasoning_tokens: 0,
      content_risk_level: '',
    },
    llm_request: { messages: body.messages, stream: false },
    llm_response_text: { content: 'Hello' },
  })
  const [none] = await logged({}, { request: { body }, llm: llm() })
  expect(JSON.stringify(none)).not.toContain('hi')
  expect(none).not.toHaveProperty('llm_summary')
})

test('a format of one’s own, and of the metadata', async () => {
  const config = { log_format: { a: 'constant', b: { host: '$host' }, key: '$http_apikey', n: 1 } }
  const request = { headers: { host: 'a.test', apikey: 'sk-1' } }
  const wanted = { a: 'constant', b: { host: 'a.test' }, n: 1, route_id: '1' }
  expect(await logged(config, { request })).toEqual([wanted])
  expect(await logged({}, { request }, config)).toEqual([wanted])
  const own = { log_format: { mine: true } }
  expect(await logged(own, { request }, config)).toMatchObject([{ mine: true }])
  const more = { log_format_extra: { where: '$host', route_id: 'mine', consumer: 'nobody' } }
  const [extra] = await logged(more, { request })
  expect(extra).toMatchObject({ where: 'a.test', route_id: '1', consumer: 'nobody' })
  const [whole] = await logged({}, { request }, { log_format: {} })
  expect(whole).toMatchObject({ client_ip: expect.any(String) as string })
})

test('bodies, where they are asked for and as far as they may', async () => {
  const config = { include_req_body: true, include_resp_body: true, max_resp_body_bytes: 4 }
  const [entry] = await logged(config, { request: { body: 'sent' } })
  expect(entry).toMatchObject({ request: { body: 'sent' }, response: { body: 'upst' } })
  const rule = [['arg_log', '==', 'yes']]
  const withRule = { ...config, include_req_body_expr: rule, include_resp_body_expr: rule }
  const [silent] = await logged(withRule, { request: { body: 'sent' } })
  expect(silent).not.toHaveProperty('request.body')
  expect(silent).not.toHaveProperty('response.body')
})

const packed = () => ({ ...upstream(), headers: ['Content-Encoding', 'gzip'], body: gzipSync('plain') })

test('a format of objects in one another, as deep as may be', async () => {
  const log_format = { a: { b: { c: { d: { e: { f: '$host' } } } } } }
  expect(await logged({ log_format })).toMatchObject([{ a: { b: { c: { d: { e: {} } } } } }])
})

test('a packed body is shown unpacked, also as a variable', async () => {
  const config = { include_resp_body: true, log_format: { text: '$resp_body' } }
  expect(await logged(config, { upstream: packed })).toMatchObject([{ text: 'plain' }])
})

test('where no route took the request', async () => {
  const options = { request: { headers: { host: 'a.test' } }, route: { id: '' } }
  const [entry] = await logged({}, options)
  expect(entry).toMatchObject({ service_id: 'a.test' })
  expect(entry).not.toHaveProperty('route_id')
})

const streaming = () => ({
  status: 200,
  headers: [],
  source: 'upstream' as const,
  body: {
    start(sink: { chunk(bytes: Buffer): void; end(): void }) {
      for (const piece of ['ab', 'cd', 'ef']) sink.chunk(Buffer.from(piece))
      sink.end()
    },
    pause: () => {},
    resume: () => {},
    abort: () => {},
  },
})

test('a streamed body passes untouched while it is kept', async () => {
  const [entry] = await logged({ include_resp_body: true, max_resp_body_bytes: 5 }, { upstream: streaming })
  expect(entry).toMatchObject({ response: { body: 'abcde', size: 6 } })
})

test('only what matches is logged, and lines keep their order', async () => {
  const match = [[['arg_a', '==', '1']], [['arg_a', '==', '2']]]
  expect(await logged({ match }, { request: { target: '/?a=2' } }, undefined, 3)).toHaveLength(3)
  expect(await logged({ match }, { request: { target: '/?a=3' } }, undefined, 0)).toHaveLength(0)
})

test('without a path there is a line in the error log, and no other', async () => {
  const host = createTestHost()
  const instance = createInstance(fileLogger, {}, host)
  await runInstance(instance)
  expect(host.log.lines).toMatchObject([
    { level: 'error', message: 'property "path" is not set in either the plugin conf or the metadata' },
  ])
})

test.each([
  [{ match: [['no', 'such', 'operator', 'x']] }, /^failed to validate the 'match' expression: /],
  [{ include_req_body_expr: [['a', 'no', 'b']] }, /^failed to validate the 'include_req_body_expr' expr/],
  [{ max_req_body_bytes: 0 }, /max_req_body_bytes/],
  [{ include_resp_body_expr: [['status', '==', '500']] }, undefined],
])('%j: %s', (config, complaint) => {
  const said = complaintAbout(fileLogger, config)
  if (complaint) expect(said).toMatch(complaint)
  else expect(said).toBeUndefined()
})
