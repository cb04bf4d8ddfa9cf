import { complaintAbout, runPlugin } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { aiPromptDecorator } from './plugin.ts'

const prepend = [{ role: 'system', content: 'be brief' }]
const append = [{ role: 'user', content: 'end with END' }]
const ask = { role: 'user', content: 'hi' }

async function decorated(body: string | object, config: object = { prepend, append }, target = '/v1/chat') {
  const { ctx, reply } = await runPlugin(aiPromptDecorator, config, { request: { target, body } })
  return reply ?? (JSON.parse(String(ctx.request.body)) as unknown)
}

test('messages stand before and behind those of a chat', async () => {
  expect(await decorated({ model: 'm', messages: [ask] })).toEqual({
    model: 'm',
    messages: [...prepend, ask, ...append],
  })
})

test('one side is enough, and a body that says nothing becomes a chat', async () => {
  expect(await decorated({ messages: [ask] }, { append })).toEqual({ messages: [ask, ...append] })
  expect(await decorated({}, { prepend })).toEqual({ messages: prepend })
})

test('each protocol has its own places', async () => {
  expect(await decorated({ input: 'hi' }, undefined, '/v1/responses')).toEqual({
    instructions: 'be brief',
    input: 'hi\nend with END',
  })
  expect(await decorated({ messages: [ask] }, undefined, '/model/m/converse')).toEqual({
    system: [{ text: 'be brief' }],
    messages: [ask, { role: 'user', content: [{ text: 'end with END' }] }],
  })
  expect(await decorated({ contents: [] })).toEqual({ contents: [] })
})

test('a long prompt is decorated without being parsed', async () => {
  const long = { role: 'user', content: 'x"\n'.repeat(50_000) }
  expect(await decorated({ model: 'm', messages: [long, ask] })).toEqual({
    model: 'm',
    messages: [...prepend, long, ask, ...append],
  })
})

test.each([
  ['', 'could not get body: request body is empty'],
  ['{"a":1}', 'could not get body: request size 7 is greater than the maximum size 5 allowed'],
  ['[]', 'could not parse JSON request body: it is no object'],
])('%j is refused', async (body, message) => {
  expect(await decorated(body, { prepend, max_req_body_size: 5 })).toEqual({ status: 400, body: { message } })
})

test('what is not JSON is refused', async () => {
  expect(await decorated('{')).toMatchObject({
    body: { message: expect.stringMatching(/^could not parse JSON request body: ./) as string },
  })
})

test('a configuration has messages with roles', () => {
  expect(complaintAbout(aiPromptDecorator, {})).toContain('object matches none of the required')
  expect(complaintAbout(aiPromptDecorator, { prepend: [{ role: 'tool', content: 'x' }] })).toContain('role')
  expect(complaintAbout(aiPromptDecorator, { prepend: [{ role: 'user', content: '' }] })).toContain('content')
})
