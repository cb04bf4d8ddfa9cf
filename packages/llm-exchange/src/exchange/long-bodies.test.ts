// Prompts and answers too long to be handled in one go: the same rules, in pieces.
import { createHash } from 'node:crypto'
import { createTestContext } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { call, createQuota } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const server = await serverOfFile()

const endpoint = (path = '') => ({ override: { endpoint: server.url + path } })
const limits = { max_req_body_size: 8 * 1024 * 1024 }
const long = 'A line of prose, with "quotes" and a\nbreak. '.repeat(20_000)
const prompt = { model: 'm', messages: [{ role: 'user', content: long }], user: 'u1', tools: [{}, {}] }
const request = (body: string | object) => ({
  request: { body, headers: { 'content-type': 'application/json' }, target: '/x' },
})
const sent = () => server.requests.map(({ body }) => body)
/** Short enough to be shown when a test fails. */
const digest = (text: string) => `${text.length} ${createHash('sha256').update(text).digest('hex')}`

const withMetadata = (bytes: number) => ({ ...prompt, metadata: { kept: 'x'.repeat(bytes) } })
async function refusal(body: string): Promise<[number, string]> {
  const { status, text } = await call(world.route([endpoint()], limits), request(body))
  return [status, text]
}

test('a long prompt that nobody changes goes out as it came', async () => {
  const text = JSON.stringify(prompt, undefined, 1)
  const { status, ctx } = await call(world.route([endpoint()], limits), request(text))
  expect(status).toBe(200)
  expect(sent().map(digest)).toEqual([digest(text)])
  expect(server.requests[0]?.headers).toMatchObject({ 'content-length': String(Buffer.byteLength(text)) })
  expect(ctx.llm).toMatchObject({ requestModel: 'm', model: 'm', usage: { totalTokens: 15 } })
})

test('members of a long prompt are changed, the rest stays as it is', async () => {
  const options = { model: 'other', temperature: 0.5 }
  const { status, ctx } = await call(
    world.route([{ ...endpoint(), options }], limits),
    request({ ...prompt, stream: true, max_tokens: 5 }),
  )
  expect(status).toBe(200)
  const added = { stream_options: { include_usage: true }, temperature: 0.5 }
  const expected = { ...added, ...prompt, model: 'other', stream: true, max_tokens: 5 }
  expect(sent().map(digest)).toEqual([digest(JSON.stringify(expected))])
  expect(ctx.llm).toMatchObject({ model: 'other', stream: true, toolCount: 2, endUser: 'u1' })
})

test('every attempt sends all of it', async () => {
  const { status } = await call(
    world.route([{ ...endpoint('/s/e500'), priority: 1, options: { model: 'one' } }, endpoint()], {
      ...limits,
      fallback_strategy: ['http_5xx'],
    }),
    request(prompt),
  )
  expect(status).toBe(200)
  const { model, ...rest } = prompt
  const both = [JSON.stringify({ model: 'one', ...rest }), JSON.stringify({ model, ...rest })]
  expect(sent().map(digest)).toEqual(both.map(digest))
})

test('a long prompt that is no JSON is refused in the contract’s words', async () => {
  const text = JSON.stringify(prompt)
  expect(await refusal(text.slice(0, -1))).toEqual([
    400,
    `{"message":"could not parse JSON request body: the text ends at byte ${text.length - 1}, before its value does"}\n`,
  ])
  expect(await refusal(`"${'x'.repeat(100_000)}"`)).toEqual([400, 'no matching AI protocol for the request'])
  expect((await refusal(text.repeat(10)))[0]).toBe(413)
  expect(sent()).toEqual([])
})

test('a plugin sees all of a long prompt, and may replace it', async () => {
  const route = world.route([{ ...endpoint(), options: { seed: 1 } }], limits)
  const ctx = createTestContext(request(prompt))
  await route.access(ctx)
  expect(digest(JSON.stringify(ctx.llm?.body))).toBe(digest(JSON.stringify(prompt)))
  expect((await ctx.llm?.turnTexts('last', ['user']))?.map(digest)).toEqual([digest(long)])
  ctx.llm?.replaceBody({ model: 'm', messages: [] })
  expect(ctx.llm?.body).toEqual({ model: 'm', messages: [] })
  await route.proxy(ctx)
  expect(server.requests.at(-1)?.json).toEqual({ model: 'm', messages: [], seed: 1 })
})

test('an object of a long prompt is patched when it is short enough for that', async () => {
  const patch = { request_body: { 'openai-chat': { metadata: { added: 1 } } } }
  const route = world.route([{ override: { ...endpoint().override, ...patch } }], limits)
  await call(route, request(withMetadata(100_000)))
  expect(server.requests[0]?.json).toMatchObject({
    metadata: { ...withMetadata(100_000).metadata, added: 1 },
  })
  const ctx = createTestContext(request(withMetadata(300_000)))
  await route.access(ctx)
  await expect(async () => route.proxy(ctx)).rejects.toThrow('the member "metadata" of the body is too large')
})

test('pictures are no text when the cost of a long prompt is estimated', async () => {
  const asked: number[] = []
  const quota = createQuota({})
  const quotas = [
    {
      ...quota,
      asks: (...[, , { promptTokens }]: Parameters<typeof quota.asks>) => {
        asked.push(promptTokens)
        return []
      },
    },
  ]
  const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'What is it?' },
  ]
  const route = world.route([endpoint()], limits)
  for (const messages of [[{ role: 'user', content }], [{ role: 'user', content: long }]]) {
    const ctx = createTestContext({ ...request({ model: 'm', messages }), quotas })
    await route.access(ctx)
    await ctx.llm?.admit()
  }
  expect(asked[0]).toBeLessThan(2000)
  expect(asked[1]).toBeGreaterThan(long.length / 5)
})

const usage = { prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 }
const data = Array.from({ length: 30_000 }, (_, i) => ({ index: i, embedding: [0.1, -2e-5] }))

test.each([
  ['at its end', JSON.stringify({ object: 'list', data, usage })],
  ['at its beginning', JSON.stringify({ usage, data })],
])('a long answer passes as it is, and its usage is found %s', async (_, body) => {
  server.setScenario({ body })
  const { text, header, ctx, chunks, response } = await call(
    world.route([endpoint()]),
    request({ model: 'm', input: 'x' }),
  )
  expect(digest(text)).toBe(digest(body))
  expect(header('content-length')).toBe(String(Buffer.byteLength(body)))
  expect(chunks.length).toBeGreaterThan(1)
  expect(ctx.llm?.usage).toMatchObject({ totalTokens: 7, source: 'reported' })
  expect(response.answer?.json).toMatchObject({ usage })
  expect(digest(String(response.answer?.bytes))).toBe(digest(body))
})

test('what a long answer cost is estimated when it does not say it', async () => {
  const choices = [{ message: { content: long, tool_calls: [{ id: 'c' }] } }]
  server.setScenario({ body: JSON.stringify({ choices }) })
  const { ctx, response } = await call(world.route([endpoint()]), request({ model: 'm', messages: [] }))
  expect(ctx.llm?.usage).toMatchObject({ source: 'estimated' })
  expect(ctx.llm?.usage?.completionTokens).toBeGreaterThan(long.length / 5)
  expect(ctx.llm?.hasToolCalls).toBe(true)
  expect(digest(ctx.llm?.responseText ?? '')).toBe(digest(long))
  expect(digest(response.answer?.text ?? '')).toBe(digest(long))
  expect(digest((await response.answer?.readText()) ?? '')).toBe(digest(long))
})

test('a long error passes as it is, and costs nothing', async () => {
  server.setScenario({ status: 500, body: long })
  const { status, text, ctx } = await call(world.route([endpoint()]), request({ model: 'm', messages: [] }))
  expect([status, digest(text)]).toEqual([500, digest(long)])
  expect(ctx.llm?.usage).toBeUndefined()
})
