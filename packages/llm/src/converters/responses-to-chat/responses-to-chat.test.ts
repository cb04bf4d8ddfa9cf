import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../protocols/protocol.ts'
import { chatToResponses } from '../chat-to-responses/index.ts'
import { convertStream, expectCutsNotToMatter, type PlainEvent, streamBytes } from '../stream-cuts.testing.ts'
import { responsesToChat } from './index.ts'

const convert = (body: JsonObject) => responsesToChat.request(body, { model: 'm' })

describe('a request', () => {
  test('finds its words, and what has none is told', () => {
    const { body, dropped } = convert({
      model: 'c',
      instructions: 'i',
      input: [
        'first',
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', image_url: 'data:x', detail: 'low' },
          ],
        },
        { type: 'reasoning', id: 'r', summary: [] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
        { type: 'function_call', call_id: 't1', name: 'f', arguments: '{}' },
        { type: 'function_call', call_id: 't2', name: 'g', arguments: '{"a":1}' },
        { type: 'function_call_output', call_id: 't1', output: 'one' },
      ],
      max_output_tokens: 9,
      temperature: 0.5,
      stream: true,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f', parameters: {}, strict: false }, { type: 'web_search' }],
      tool_choice: { type: 'function', name: 'f' },
      include: ['x'],
      store: true,
    })
    expect(body).toEqual({
      model: 'c',
      messages: [
        { role: 'system', content: 'i' },
        { role: 'user', content: 'first' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: 'data:x', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: 'a',
          tool_calls: [
            { id: 't1', type: 'function', function: { name: 'f', arguments: '{}' } },
            { id: 't2', type: 'function', function: { name: 'g', arguments: '{"a":1}' } },
          ],
        },
        { role: 'tool', tool_call_id: 't1', content: 'one' },
      ],
      max_completion_tokens: 9,
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
      reasoning_effort: 'low',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } },
      tools: [{ type: 'function', function: { name: 'f', parameters: {}, strict: false } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
    })
    expect(dropped.toSorted()).toEqual([
      'include',
      'input.reasoning',
      'reasoning.summary',
      'tools.web_search',
    ])
  })

  test.each(['previous_response_id', 'conversation', 'prompt'])('that leans on %s is refused', (name) => {
    expect(() => convert({ input: 'x', [name]: 'y' })).toThrow(
      `${name} needs a provider that stores responses`,
    )
  })
})

describe('an answer', () => {
  const { reply } = convert({ input: 'hi', max_output_tokens: 9 })
  const call = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }
  const usage = {
    prompt_tokens: 5,
    completion_tokens: 3,
    total_tokens: 8,
    prompt_tokens_details: { cached_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: 1 },
  }

  test('is a response', () => {
    const message = { content: 'a', reasoning_content: 'hm', tool_calls: [call] }
    expect(
      reply.answer({ model: 'c', choices: [{ message, finish_reason: 'tool_calls' }], usage }),
    ).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'c',
      max_output_tokens: 9,
      error: null,
      incomplete_details: null,
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
        { type: 'function_call', call_id: 't', name: 'f', arguments: '{}' },
      ],
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 2 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 8,
      },
    })
  })

  test.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('that finished for %s is incomplete', (finish_reason, reason) => {
    expect(reply.answer({ choices: [{ message: { content: '' }, finish_reason }] })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason },
    })
  })

  test('without choices is none', () => {
    expect(() => reply.answer({})).toThrow('no choices in response')
  })
})

function chunk(delta: object, finish: string | null = null): PlainEvent {
  return ['message', { id: 'i', model: 'c', choices: [{ index: 0, delta, finish_reason: finish }] }]
}

function calling(index: number, json: string, start?: object): PlainEvent {
  return chunk({ tool_calls: [{ index, ...start, function: { ...start, arguments: json } }] })
}

describe('a stream', () => {
  const { reply } = convert({ input: 'hi' })
  const whole: readonly PlainEvent[] = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning: 'hm' }),
    chunk({ content: '你' }),
    chunk({ content: '好' }),
    calling(0, '', { id: 't1', name: 'f' }),
    calling(0, '{"a":'),
    calling(0, '1}'),
    calling(1, '{}', { id: 't2', name: 'g' }),
    chunk({}, 'tool_calls'),
    ['message', { choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } }],
    ['message', '[DONE]'],
  ]

  test('names every step in order, and ends with the whole response', () => {
    const events = convertStream(reply, [streamBytes(whole)])
    expect(events.map(([type]) => type.slice('response.'.length))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ])
    for (const [i, [type, data]] of events.entries()) expect(data).toMatchObject({ type, sequence_number: i })
    expect(events.at(-1)?.[1]).toMatchObject({
      response: {
        status: 'completed',
        model: 'c',
        output: [
          { type: 'reasoning' },
          { type: 'message', status: 'completed', content: [{ text: '你好' }] },
          { type: 'function_call', call_id: 't1', name: 'f', arguments: '{"a":1}' },
          { type: 'function_call', call_id: 't2', name: 'g', arguments: '{}' },
        ],
        usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
      },
    })
  })

  test('cut at any byte converts the same', () => {
    expectCutsNotToMatter(reply, streamBytes(whole))
  })

  test('converted back brings what the chat brought', () => {
    const there = streamBytes(convertStream(reply, [streamBytes(whole)]))
    const back = chatToResponses.request({ messages: [{ role: 'user', content: 'hi' }] }, { model: 'm' })
    const chunks = convertStream(back.reply, [there])
    expect(chunks.at(-1)).toEqual(['message', '[DONE]'])
    const deltas = chunks
      .slice(0, -1)
      .map(([, data]) => (data as { choices: { delta?: object }[] }).choices[0]?.delta)
    expect(deltas).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'hm' },
      { content: '你' },
      { content: '好' },
      { tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
      { tool_calls: [{ index: 1, id: 't2', type: 'function', function: { name: 'g', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
      undefined,
    ])
    expectCutsNotToMatter(back.reply, there)
  })

  test('that runs out of room is incomplete; one that fails says so', () => {
    const cut = convertStream(reply, [streamBytes([chunk({ content: 'a' }, 'length')])])
    expect(cut.at(-1)).toMatchObject(['response.incomplete', { response: { status: 'incomplete' } }])
    const failed = convertStream(reply, [streamBytes([['message', { error: { message: 'm', code: 'c' } }]])])
    expect(failed).toMatchObject([['error', { message: 'm', code: 'c' }]])
  })
})
