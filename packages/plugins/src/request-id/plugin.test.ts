import { openaiChat } from '@weir/llm'
import { complaintAbout, createInstance, createTestExchange, runPlugin } from '@weir/plugin-api/harness'
import { type GatewayResponse, requestId } from '@weir/plugin-api'
import { expect, test } from 'vitest'
import { requestIdPlugin } from './plugin.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('an id for the upstream, the client and variables', async () => {
  const result = await runPlugin(requestIdPlugin, {})
  const id = result.header('X-Request-Id')
  expect(id).toMatch(uuid)
  expect(result.ctx.request.headers['x-request-id']).toBe(id)
  expect(result.ctx.state.get(requestId)).toBe(id)
})

test('the client’s own stays, under whatever name', async () => {
  const headers = { 'x-own': 'abc' }
  const result = await runPlugin(requestIdPlugin, { header_name: 'X-Own' }, { request: { headers } })
  expect(result.header('X-Own')).toBe('abc')
  expect(result.ctx.request.headers['x-own']).toBe('abc')
})

test('a global rule and a route may each give an id of their own', async () => {
  const first = await runPlugin(
    requestIdPlugin,
    {},
    { request: { headers: { 'x-request-id': 'a', 'x-own': 'b' } } },
  )
  first.ctx.state.set(requestId, 'b')
  const response: GatewayResponse = { status: 200, headers: [], source: 'upstream', body: '' }
  createInstance(requestIdPlugin, {}).headerFilter?.(first.ctx, response)
  expect(response.headers).toEqual(['X-Request-Id', 'a'])
})

const upstream = () => ({
  status: 200,
  headers: ['x-request-id', 'theirs'],
  source: 'upstream' as const,
  body: '',
})

test('an LLM provider’s own id gives way', async () => {
  const llm = createTestExchange({ protocol: openaiChat, body: {} })
  const request = { headers: { 'x-request-id': 'abc' } }
  expect((await runPlugin(requestIdPlugin, {}, { upstream, llm, request })).header('x-request-id')).toBe(
    'abc',
  )
})

test('the upstream’s word stands, and the response may be left alone', async () => {
  expect((await runPlugin(requestIdPlugin, {}, { upstream })).header('x-request-id')).toBe('theirs')
  const silent = await runPlugin(requestIdPlugin, { include_in_response: false })
  expect(silent.header('x-request-id')).toBeUndefined()
})

test.each([
  ['uuid', uuid],
  ['uuidv7', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  ['nanoid', /^[\w-]{21}$/],
  ['ksuid', /^[0-9A-Za-z]{27}$/],
  ['range_id', /^[abcdef]{20}$/],
])('%s', async (algorithm, pattern) => {
  const config = { algorithm, range_id: { length: 20, char_set: 'abcdef' } }
  const ids = new Set<string>()
  for (let i = 0; i < 50; i++) {
    const id = (await runPlugin(requestIdPlugin, config)).header('x-request-id') ?? ''
    expect(id).toMatch(pattern)
    ids.add(id)
  }
  expect(ids.size).toBe(50)
})

test.each([['uuidv7'], ['ksuid']])('%s: ids sort by their time', async (algorithm) => {
  const first = (await runPlugin(requestIdPlugin, { algorithm })).header('x-request-id') ?? ''
  await new Promise((resolve) => void setTimeout(resolve, algorithm === 'ksuid' ? 1001 : 2))
  const second = (await runPlugin(requestIdPlugin, { algorithm })).header('x-request-id') ?? ''
  expect(first < second).toBe(true)
})

test.each([
  [{ algorithm: 'x' }, /algorithm/],
  [{ range_id: { length: 5 } }, /length/],
  [{ range_id: { char_set: 'abc' } }, /char_set/],
])('%j: %s', (config, complaint) => {
  expect(complaintAbout(requestIdPlugin, config)).toMatch(complaint)
})
