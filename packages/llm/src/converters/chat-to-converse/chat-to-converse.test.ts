import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../protocols/protocol.ts'
import { encodeFrame } from '../../transport/event-frames.ts'
import { convertStream, expectCutsNotToMatter } from '../stream-cuts.testing.ts'
import { chatToConverse } from './index.ts'

const convert = (body: JsonObject) => chatToConverse.request(body, { model: 'm' })
const messages = [{ role: 'user', content: 'hi' }]

test('a request finds its words, and what has none is told', () => {
  const { body, dropped } = convert({
    model: 'c',
    messages: [
      { role: 'system', content: 's' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AA' } },
          { type: 'image_url', image_url: { url: 'http://x/y.png' } },
          { type: 'file', file: { filename: 'a.b.pdf', file_data: 'data:application/pdf;base64,BB' } },
        ],
      },
      {
        role: 'assistant',
        content: 'a',
        tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 't', content: 'one' },
    ],
    stream: true,
    max_completion_tokens: 9,
    temperature: 0.5,
    top_p: 1,
    stop: ['x'],
    tools: [{ type: 'function', function: { name: 'f' } }],
    tool_choice: 'required',
    seed: 1,
  })
  expect(body).toEqual({
    system: [{ text: 's' }],
    messages: [
      {
        role: 'user',
        content: [
          { text: 'look' },
          { image: { format: 'jpeg', source: { bytes: 'AA' } } },
          { document: { format: 'pdf', name: 'a-b-pdf', source: { bytes: 'BB' } } },
        ],
      },
      {
        role: 'assistant',
        content: [{ text: 'a' }, { toolUse: { toolUseId: 't', name: 'f', input: { a: 1 } } }],
      },
      { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: 'one' }] } }] },
    ],
    inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 1, stopSequences: ['x'] },
    toolConfig: {
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }],
      toolChoice: { any: {} },
    },
  })
  expect(dropped.toSorted()).toEqual(['messages.image_url', 'seed'])
})

describe('an answer', () => {
  const { reply } = convert({ messages })

  test('is a chat completion', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'hm' } } },
      { text: 'a' },
      { toolUse: { toolUseId: 't', name: 'f', input: {} } },
    ]
    const usage = { inputTokens: 5, outputTokens: 3, totalTokens: 8, cacheReadInputTokens: 2 }
    expect(reply.answer({ output: { message: { content } }, stopReason: 'tool_use', usage })).toMatchObject({
      model: 'm',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'a',
            reasoning_content: 'hm',
            tool_calls: [{ id: 't', function: { name: 'f' } }],
          },
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 2 } },
    })
  })

  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['guardrail_intervened', 'content_filter'],
  ])('that stopped for %s finished for %s', (stopReason, finish_reason) => {
    expect(reply.answer({ output: { message: { content: [] } }, stopReason })).toMatchObject({
      choices: [{ finish_reason }],
    })
  })

  test('without content is none; an error is one of OpenAI’s', () => {
    expect(() => reply.answer({})).toThrow('no content in response')
    expect(reply.error({ message: 'm' })).toMatchObject({ error: { message: 'm', type: 'api_error' } })
  })
})

function frame(type: string, payload: object): Buffer {
  return encodeFrame({ ':message-type': 'event', ':event-type': type }, JSON.stringify(payload))
}

describe('a stream', () => {
  const { reply } = convert({ messages })
  const start = frame('messageStart', { role: 'assistant' })
  const end = [
    frame('messageStop', { stopReason: 'tool_use' }),
    frame('metadata', { usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8 } }),
  ]
  const whole = Buffer.concat([
    start,
    frame('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } }),
    frame('contentBlockDelta', { contentBlockIndex: 1, delta: { text: '你好' } }),
    frame('contentBlockStop', { contentBlockIndex: 1 }),
    frame('contentBlockStart', { contentBlockIndex: 2, start: { toolUse: { toolUseId: 't', name: 'f' } } }),
    frame('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"a":1}' } } }),
    ...end,
  ])

  test('of frames becomes chunks', () => {
    const events = convertStream(reply, [whole], true)
    expect(events.at(-1)).toEqual(['message', '[DONE]'])
    const chunks = events.slice(0, -1).map(([, data]) => data as { choices: { delta?: object }[] })
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'hm' },
      { content: '你好' },
      { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      {},
      undefined,
    ])
    expect(chunks.at(-1)).toMatchObject({
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    })
  })

  test('cut at any byte converts the same', () => {
    expectCutsNotToMatter(reply, whole, true)
  })

  test('whose usage does not come is over all the same', () => {
    expect(convertStream(reply, [start, end[0] ?? start], true).at(-1)).toEqual(['message', '[DONE]'])
  })

  test('an exception is an error of OpenAI’s', () => {
    const broken = encodeFrame(
      { ':message-type': 'exception', ':exception-type': 'throttlingException' },
      '{"message":"slow down"}',
    )
    expect(convertStream(reply, [start, broken], true).at(-1)?.[1]).toMatchObject({
      error: { message: 'slow down', type: 'throttlingException' },
    })
  })
})
