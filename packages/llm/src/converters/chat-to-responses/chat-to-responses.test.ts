import { expect, test } from 'vitest'
import type { JsonObject } from '../../protocols/protocol.ts'
import { responsesToChat } from '../responses-to-chat/index.ts'
import { convertStream, streamBytes } from '../stream-cuts.testing.ts'
import { chatToResponses } from './index.ts'

const convert = (body: JsonObject) => chatToResponses.request(body, { model: 'm' })
const { reply } = convert({ messages: [{ role: 'user', content: 'hi' }] })
const chat = {
  model: 'c',
  messages: [
    { role: 'system', content: 's' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'auto' } },
      ],
    },
    {
      role: 'assistant',
      content: 'a',
      tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    },
    { role: 'tool', tool_call_id: 't', content: 'one' },
  ],
  max_completion_tokens: 9,
  temperature: 0.5,
  stream: true,
  stream_options: { include_usage: true },
  reasoning_effort: 'low',
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } },
  verbosity: 'low',
  tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: {}, strict: true } }],
  tool_choice: 'required',
  parallel_tool_calls: false,
}

test('a request finds its words, and what has none is told', () => {
  const { body, dropped } = convert({ ...chat, seed: 1, stop: 'x' })
  expect(body).toEqual({
    model: 'c',
    instructions: 's',
    input: [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'look' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'auto' },
        ],
      },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
      { type: 'function_call', call_id: 't', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 't', output: 'one' },
    ],
    store: false,
    stream: true,
    max_output_tokens: 9,
    temperature: 0.5,
    reasoning: { effort: 'low' },
    text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true }, verbosity: 'low' },
    tools: [{ type: 'function', name: 'f', description: 'd', parameters: {}, strict: true }],
    tool_choice: 'required',
    parallel_tool_calls: false,
  })
  expect(dropped.toSorted()).toEqual(['seed', 'stop'])
})

test('what the table says is kept comes back as it was', () => {
  expect(responsesToChat.request(convert(chat).body, { model: 'm' })).toMatchObject({
    body: chat,
    dropped: [],
  })
})

test('an answer is a chat completion', () => {
  const output = [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
    { type: 'message', content: [{ type: 'output_text', text: 'a' }] },
    { type: 'function_call', call_id: 't', name: 'f', arguments: '{}' },
  ]
  const usage = { input_tokens: 5, output_tokens: 3, output_tokens_details: { reasoning_tokens: 1 } }
  expect(reply.answer({ id: 'r', model: 'c', output, usage })).toMatchObject({
    id: 'r',
    choices: [
      {
        finish_reason: 'tool_calls',
        message: { content: 'a', reasoning_content: 'hm', tool_calls: [{ id: 't' }] },
      },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 3, completion_tokens_details: { reasoning_tokens: 1 } },
  })
  const reason = { incomplete_details: { reason: 'max_output_tokens' } }
  expect(reply.answer({ output: [], ...reason })).toMatchObject({ choices: [{ finish_reason: 'length' }] })
  expect(() => reply.answer({})).toThrow('no output in response')
})

test('a stream that fails says so', () => {
  const failed = { response: { error: { code: 'server_error', message: 'm' } } }
  expect(convertStream(reply, [streamBytes([['response.failed', failed]])])).toMatchObject([
    ['message', { error: { message: 'm', type: 'server_error' } }],
  ])
})
