import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../protocols/protocol.ts'
import { anthropicToChat } from '../anthropic-to-chat/index.ts'
import { convertStream, expectCutsNotToMatter, type PlainEvent, streamBytes } from '../stream-cuts.testing.ts'
import { chatToAnthropic } from './index.ts'

const convert = (body: JsonObject) => chatToAnthropic.request(body, { model: 'm' })
const messages = [{ role: 'user', content: 'hi' }]

describe('a request', () => {
  test('finds its words, and what has none is told', () => {
    const { body, dropped } = convert({
      model: 'c',
      messages: [
        { role: 'system', content: 's1' },
        { role: 'user', content: [{ type: 'text', text: 'look' }, image('data:image/png;base64,AA')] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 't2', type: 'function', function: { name: 'g', arguments: 'broken' } },
          ],
        },
        { role: 'tool', tool_call_id: 't1', content: 'one' },
        { role: 'tool', tool_call_id: 't2', content: 'two' },
        { role: 'developer', content: 's2' },
        { role: 'user', content: [image('http://x/y.png'), { type: 'input_audio', input_audio: {} }] },
      ],
      max_tokens: 9,
      temperature: 1.5,
      stop: 'x',
      user: 'u',
      seed: 1,
      n: 2,
      logit_bias: null,
      reasoning_effort: 'high',
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    })
    expect(body).toEqual({
      model: 'c',
      max_tokens: 9,
      system: 's1\ns2',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
            { type: 'tool_use', id: 't2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'one' }] },
            { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'two' }] },
            { type: 'image', source: { type: 'url', url: 'http://x/y.png' } },
          ],
        },
      ],
      temperature: 1,
      stop_sequences: ['x'],
      metadata: { user_id: 'u' },
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    })
    expect(dropped.toSorted()).toEqual([
      'messages.input_audio',
      'n',
      'reasoning_effort',
      'seed',
      'temperature',
    ])
  })

  test('that asks for thinking gets room for it', () => {
    const { body, dropped } = convert({ messages, reasoning_effort: 'low', temperature: 0 })
    expect(body).toMatchObject({ max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } })
    expect(dropped).toEqual(['temperature'])
  })

  test('without messages is refused', () => {
    expect(() => convert({ messages: [] })).toThrow('missing messages')
    expect(() => convert({ messages: [{}] })).toThrow('invalid message at index 1')
  })
})

/** As it comes out of JSON, which knows no -0. */
const jsonValue = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
const word = fc.string({ minLength: 1 })
const text = fc.record({ type: fc.constant('text'), text: word })
const picture = fc.record({
  type: fc.constant('image'),
  source: fc.record({
    type: fc.constant('base64'),
    media_type: fc.constantFrom('image/png', 'image/jpeg'),
    data: fc.base64String({ minLength: 4 }),
  }),
})
const call = fc.record({
  type: fc.constant('tool_use'),
  id: word,
  name: fc.constantFrom('f', 'a_long-name'),
  input: fc.dictionary(fc.string(), jsonValue),
})
const result = fc.record({
  type: fc.constant('tool_result'),
  tool_use_id: word,
  content: fc.oneof(fc.tuple(text), fc.tuple(picture, text)),
})
/** Neighbouring texts of one answer become one, so that there is one at most. */
const answered = fc
  .tuple(fc.option(text, { nil: undefined }), fc.array(call, { minLength: 1, maxLength: 3 }))
  .map(([said, calls]) => ({ role: 'assistant', content: said ? [said, ...calls] : calls }))
const asked = fc
  .tuple(
    fc.array(result, { maxLength: 2 }),
    fc.array(fc.oneof(text, picture), { minLength: 2, maxLength: 3 }),
  )
  .map(([results, parts]) => ({ role: 'user', content: [...results, ...parts] }))
const kept = fc.record(
  {
    model: word,
    max_tokens: fc.integer({ min: 1, max: 9999 }),
    system: word.filter((value) => !/billing/i.test(value)),
    messages: fc
      .array(fc.tuple(asked, answered), { minLength: 1, maxLength: 3 })
      .map((turns) => turns.flat()),
    temperature: fc.constantFrom(0, 0.5, 1),
    top_p: fc.constantFrom(0.1, 1),
    stop_sequences: fc.array(word, { minLength: 1, maxLength: 3 }),
    stream: fc.constant(true),
    metadata: fc.record({ user_id: word }),
    tools: fc.constant([{ name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } }]),
  },
  { requiredKeys: ['model', 'max_tokens', 'messages'] },
)

test('what the table says is kept comes back from a chat as it was', () => {
  fc.assert(
    fc.property(kept, (request) => {
      const there = anthropicToChat.request(request, { model: 'm' })
      const back = convert(there.body)
      expect(back.body).toEqual(request)
      expect([...there.dropped, ...back.dropped]).toEqual([])
    }),
  )
})

describe('an answer', () => {
  const { reply } = convert({ messages })

  test('is a chat completion', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'a' },
      { type: 'tool_use', id: 't', name: 'f', input: { x: 1 } },
    ]
    const usage = {
      input_tokens: 5,
      output_tokens: 3,
      cache_read_input_tokens: 2,
      cache_creation_input_tokens: 1,
    }
    expect(reply.answer({ id: 'i', model: 'c', content, stop_reason: 'tool_use', usage })).toMatchObject({
      id: 'i',
      object: 'chat.completion',
      model: 'c',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'a',
            reasoning_content: 'hm',
            tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
          },
        },
      ],
      usage: {
        prompt_tokens: 8,
        completion_tokens: 3,
        total_tokens: 11,
        prompt_tokens_details: { cached_tokens: 2, cache_creation_input_tokens: 1 },
      },
    })
  })

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['refusal', 'content_filter'],
  ])('that stopped for %s finished for %s', (stop_reason, finish_reason) => {
    expect(reply.answer({ content: [], stop_reason })).toMatchObject({ choices: [{ finish_reason }] })
  })

  test('without content is none; an error is one of OpenAI’s', () => {
    expect(() => reply.answer({})).toThrow('no content in response')
    expect(reply.error({ type: 'error', error: { type: 't', message: 'm' } })).toEqual({
      error: { message: 'm', type: 't', param: null, code: null },
    })
  })
})

function event(type: string, rest: object = {}): PlainEvent {
  return [type, { type, ...rest }]
}

describe('a stream', () => {
  const { reply } = convert({ messages })
  const start = event('message_start', {
    message: {
      id: 'i',
      model: 'c',
      usage: { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 2 },
    },
  })
  const whole = [
    start,
    event('ping'),
    event('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '' } }),
    event('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } }),
    event('content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 's' } }),
    event('content_block_stop', { index: 0 }),
    event('content_block_start', { index: 1, content_block: { type: 'text', text: '' } }),
    event('content_block_delta', { index: 1, delta: { type: 'text_delta', text: '你好' } }),
    event('content_block_stop', { index: 1 }),
    event('content_block_start', {
      index: 2,
      content_block: { type: 'tool_use', id: 't', name: 'f', input: {} },
    }),
    event('content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":' } }),
    event('content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '1}' } }),
    event('content_block_stop', { index: 2 }),
    event('message_delta', {
      delta: { stop_reason: 'tool_use' },
      usage: { output_tokens: 7, cache_read_input_tokens: null },
    }),
    event('message_stop'),
  ]

  test('becomes chunks, the usage last', () => {
    const events = convertStream(reply, [streamBytes(whole)])
    expect(events.at(-1)).toEqual(['message', '[DONE]'])
    const chunks = events.slice(0, -1).map(([, data]) => data as { choices: { delta?: object }[] })
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'hm' },
      { content: '你好' },
      { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
      {},
      undefined,
    ])
    expect(chunks.at(-2)).toMatchObject({ id: 'i', model: 'c', choices: [{ finish_reason: 'tool_calls' }] })
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 7, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 2 } },
    })
  })

  test('a call without arguments has empty ones', () => {
    const begun = (index: number, id: string) => [
      event('content_block_start', { index, content_block: { type: 'tool_use', id, name: 'f', input: {} } }),
      event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: '' } }),
      event('content_block_stop', { index }),
    ]
    const end = event('message_delta', { delta: { stop_reason: 'tool_use' } })
    const events = convertStream(reply, [streamBytes([start, ...begun(0, 'a'), ...begun(1, 'b'), end])])
    const calls = events.flatMap(([, data]) => {
      const [choice] = (data as { choices: { delta: { tool_calls?: object[] } }[] }).choices
      return choice?.delta.tool_calls ?? []
    })
    expect(calls).toMatchObject([
      { index: 0, id: 'a' },
      { index: 0, function: { arguments: '{}' } },
      { index: 1, id: 'b' },
      { index: 1, function: { arguments: '{}' } },
    ])
  })

  test('cut at any byte converts the same', () => {
    expectCutsNotToMatter(reply, streamBytes(whole))
  })

  test('an error of the provider is one of OpenAI’s', () => {
    const broken = [start, event('error', { error: { type: 'overloaded_error', message: 'm' } })]
    expect(convertStream(reply, [streamBytes(broken)]).at(-1)?.[1]).toMatchObject({
      error: { message: 'm', type: 'overloaded_error' },
    })
  })
})

function image(url: string) {
  return { type: 'image_url', image_url: { url } }
}

test('keys go where Anthropic looks for them, and the client’s own stay here when the instance has one', () => {
  expect(
    chatToAnthropic.headers?.(['authorization', 'Bearer sk-ant-api03-x', 'x-stainless-os', 'y']),
  ).toEqual(['x-api-key', 'sk-ant-api03-x', 'anthropic-version', '2023-06-01'])
  expect(chatToAnthropic.headers?.(['authorization', 'Bearer other', 'anthropic-version', 'v'])).toEqual([
    'anthropic-version',
    'v',
    'authorization',
    'Bearer other',
  ])
  expect(chatToAnthropic.headers?.(['authorization', 'Bearer client', 'x-api-key', 'k'])).toEqual([
    'x-api-key',
    'k',
    'anthropic-version',
    '2023-06-01',
  ])
})
