import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../protocols/protocol.ts'
import { convertStream, expectCutsNotToMatter, type PlainEvent, streamBytes } from '../stream-cuts.testing.ts'
import { anthropicToChat } from './index.ts'

const convert = (body: JsonObject) => anthropicToChat.request(body, { model: 'm' })
const messages = [{ role: 'user', content: 'hi' }]
const chat = (body: JsonObject) => convert({ messages, ...body }).body

describe('a request', () => {
  test('is written anew: what is known is renamed, what is not is dropped and told', () => {
    const { body, dropped } = convert({
      model: 'claude',
      max_tokens: 50,
      messages,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      service_tier: 'auto',
      stop_sequences: ['x'],
      metadata: { user_id: 'u' },
      mcp_servers: [{}],
      system: [
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'b' },
      ],
    })
    expect(body).toEqual({
      model: 'claude',
      max_completion_tokens: 50,
      messages: [{ role: 'system', content: 'ab' }, ...messages],
      temperature: 0.5,
      top_p: 0.9,
      service_tier: 'auto',
      stop: ['x'],
      user: 'u',
    })
    expect(dropped.toSorted()).toEqual(['cache_control', 'mcp_servers', 'top_k'])
  })

  test.each([
    [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
    [{ stream: false }, { stream: false }],
    [{ thinking: { type: 'enabled', budget_tokens: 4096 } }, { reasoning_effort: 'high' }],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { reasoning_effort: 'medium' }],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { reasoning_effort: 'low' }],
    [{ thinking: { type: 'enabled', budget_tokens: 1023 } }, { reasoning_effort: 'minimal' }],
    [{ thinking: { type: 'adaptive' } }, { reasoning_effort: 'medium' }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, { reasoning_effort: 'low' }],
    [{ thinking: { type: 'disabled' } }, {}],
    [{ thinking: { type: 'enabled' } }, { reasoning_effort: 'minimal' }],
    [{ system: 's' }, { messages: [{ role: 'system', content: 's' }, ...messages] }],
    [
      systemBlock('X-Anthropic-Billing-Header: v=1; cch=abc; e=2'),
      systemOf('x-anthropic-billing-header:v=1; e=2'),
    ],
    [systemBlock('x-anthropic-billing-header: v=1;cch=abc'), systemOf('x-anthropic-billing-header:v=1')],
    [systemBlock('x-anthropic-billing-header: cch=abc;'), {}],
    // Without tools nothing can be chosen.
    [{ tool_choice: { type: 'any' } }, {}],
  ])('%j', (more, expected) => {
    expect(chat(more)).toEqual({ messages, ...expected })
  })

  test('a billing header with very many blanks holds nobody up', () => {
    const text = `x-anthropic-billing-header:v=1${' '.repeat(500_000)}${';'.repeat(500_000)}e=2`
    expect(chat(systemBlock(`${text}; ;`))).toEqual(systemOf(text))
  })

  test.each([
    [{ type: 'auto' }, { tool_choice: 'auto' }],
    [
      { type: 'any', disable_parallel_tool_use: true },
      { tool_choice: 'required', parallel_tool_calls: false },
    ],
    [{ type: 'none' }, { tool_choice: 'none' }],
    [{ type: 'tool', name: 'f' }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [{ type: 'tool', name: 'not there' }, { tool_choice: { function: { name: 'not there' } } }],
  ])('the choice of a tool %j', (tool_choice, expected) => {
    const tools = [{ name: 'f', description: 'd', input_schema: { type: 'object' } }]
    expect(chat({ tools, tool_choice })).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } },
      ],
      ...expected,
    })
  })

  test('tools that Anthropic runs itself are dropped', () => {
    const { body, dropped } = convert({
      messages,
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    })
    expect(body).toEqual({ messages })
    expect(dropped).toEqual(['tools.web_search_20250305'])
  })

  test('structured output becomes strict', () => {
    const schema = {
      type: 'object',
      properties: {
        b: { type: 'array', items: { type: 'object', properties: { c: {} } } },
        a: { anyOf: [{ type: 'object', properties: {} }] },
      },
    }
    expect(chat({ output_config: { format: { type: 'json_schema', schema } } })['response_format']).toEqual({
      type: 'json_schema',
      json_schema: {
        name: 'structured_output',
        strict: true,
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['a', 'b'],
          properties: {
            b: {
              type: 'array',
              items: { type: 'object', properties: { c: {} }, additionalProperties: false, required: ['c'] },
            },
            a: { anyOf: [{ type: 'object', properties: {}, additionalProperties: false, required: [] }] },
          },
        },
      },
    })
  })

  test('pictures, documents, calls of tools and their results find their places', () => {
    const { body, dropped } = convert({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image', source: { type: 'base64', data: 'AA' } },
            { type: 'image', source: { type: 'url', url: 'http://x/y.png' } },
            { type: 'document', source: { type: 'base64', data: 'BB' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 't', signature: 's' },
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
            { type: 'tool_use', id: 't1', name: 'f', input: { x: 1 } },
            { type: 'tool_use', id: 't2', name: 'g' },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'go on' },
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [
                { type: 'text', text: '1' },
                { type: 'text', text: '2' },
              ],
            },
            {
              type: 'tool_result',
              tool_use_id: 't2',
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'C' } }],
            },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't3', content: 'plain' }] },
        { role: 'assistant', content: [] },
      ],
    })
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
          { type: 'image_url', image_url: { url: 'http://x/y.png' } },
          { type: 'image_url', image_url: { url: 'data:application/pdf;base64,BB' } },
        ],
      },
      {
        role: 'assistant',
        content: 'ab',
        tool_calls: [
          { id: 't1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 't2', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 't1', content: '12' },
      {
        role: 'tool',
        tool_call_id: 't2',
        content: [{ type: 'image_url', image_url: { url: 'data:image/gif;base64,C' } }],
      },
      { role: 'user', content: [{ type: 'text', text: 'go on' }] },
      { role: 'tool', tool_call_id: 't3', content: 'plain' },
      { role: 'assistant', content: '' },
    ])
    expect(dropped).toEqual(['messages.thinking'])
  })

  test('what has no content takes no place', () => {
    const emptyOnes = [
      { type: 'image', source: { type: 'base64', data: '' } },
      { type: 'image', source: true },
      { type: 'image', source: { type: 'url', url: '' } },
    ]
    const result = { type: 'tool_result', tool_use_id: 't', content: 'r' }
    const { body } = convert({
      messages: [
        { role: 'user', content: [...emptyOnes, { type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't' }] },
        { role: 'user', content: [result, ...emptyOnes] },
        { role: 'user', content: [result, { type: 'text', text: '' }] },
      ],
    })
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: '' },
      { role: 'tool', tool_call_id: 't', content: 'r' },
      { role: 'tool', tool_call_id: 't', content: 'r' },
      { role: 'user', content: [{ type: 'text', text: '' }] },
    ])
  })

  test.each([
    [{}, 'missing messages'],
    [{ messages: [] }, 'missing messages'],
    [{ messages: [{ role: 'user', content: 'a' }, 'x'] }, 'invalid message at index 2'],
    [{ messages: [{ role: 'user' }] }, 'invalid message content at index 1'],
  ])('%j is refused: %s', (body, complaint) => {
    expect(() => convert(body)).toThrow(complaint)
  })
})

test('long and odd names of tools come back as they were', () => {
  const name = `mcp.server/${'x'.repeat(80)}`
  const { body, reply } = convert({ messages, tools: [{ name, input_schema: {} }] })
  const [tool] = body['tools'] as { function: { name: string } }[]
  const short = tool?.function.name ?? ''
  expect(short).toMatch(/^mcp_server_x{44}_[\da-f]{8}$/)
  const call = { id: 'c', type: 'function', function: { name: short, arguments: '{"a":1}' } }
  const answer = {
    id: 'i',
    choices: [{ message: { content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }],
  }
  expect(reply.answer(answer)).toEqual({
    id: 'i',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'tool_use', id: 'c', name, input: { a: 1 } }],
    stop_reason: 'tool_use',
    usage: { input_tokens: 0, output_tokens: 0 },
  })
})

describe('an answer', () => {
  const { reply } = convert({ messages })
  const answer = (message: object, rest: object = {}, finish = 'stop') =>
    reply.answer({ id: 'i', model: 'other', choices: [{ message, finish_reason: finish }], ...rest })

  test('brings reasoning, text and usage', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 4, cache_creation_input_tokens: 2 },
    }
    expect(answer({ content: 'a', reasoning_content: 'r' }, { usage })).toMatchObject({
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'r', signature: '' },
        { type: 'text', text: 'a' },
      ],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: 6,
        output_tokens: 5,
        cache_read_input_tokens: 4,
        cache_creation_input_tokens: 2,
      },
    })
  })

  test.each([
    ['length', 'max_tokens'],
    ['content_filter', 'end_turn'],
    ['function_call', 'tool_use'],
    ['odd', 'end_turn'],
  ])('that ended for %s says %s', (finish, stop) => {
    expect(answer({ content: '' }, {}, finish)).toMatchObject({
      stop_reason: stop,
      content: [{ type: 'text', text: '' }],
    })
  })

  test('without choices is none; an error is one of Anthropic’s', () => {
    expect(() => reply.answer({ choices: [] })).toThrow('no choices in response')
    expect(reply.error({ error: { message: 'm', type: null, code: 'c' } })).toEqual({
      type: 'error',
      error: { type: 'c', message: 'm' },
    })
    expect(reply.answer({ error: 'text' })).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'text' },
    })
  })
})

const chunk = (delta: object, finish: string | null = null, more: object = {}): PlainEvent => [
  'message',
  { id: 'i', model: 'c', choices: [{ index: 0, delta, finish_reason: finish }], ...more },
]

const call = (index: number, id: string | undefined, name: string | undefined, text: string) => ({
  tool_calls: [{ index, ...(id && { id }), function: { ...(name && { name }), arguments: text } }],
})

describe('a stream', () => {
  const { reply } = convert({ messages })
  const start = {
    type: 'message_start',
    message: {
      id: 'i',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [],
      usage: { input_tokens: 0, output_tokens: 0 },
    },
  }
  const usageChunk: PlainEvent = [
    'message',
    {
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 1 } },
    },
  ]
  const whole: readonly PlainEvent[] = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'hm' }),
    chunk({ content: '你' }),
    chunk({ content: '好' }),
    chunk(call(0, 'c1', 'f', '')),
    chunk(call(0, undefined, undefined, '{"a"')),
    chunk(call(0, undefined, undefined, ':1}')),
    chunk(call(1, 'c2', 'g', '{}')),
    chunk({}, 'tool_calls'),
    usageChunk,
    ['message', '[DONE]'],
  ]

  test('becomes blocks that open and close in turn', () => {
    const events = convertStream(reply, [streamBytes(whole)])
    expect(events.map(([type]) => type)).toEqual(events.map(([, data]) => (data as { type: string }).type))
    expect(events.map(([, data]) => data)).toEqual([
      start,
      opened(0, { type: 'thinking', thinking: '', signature: '' }),
      changed(0, { type: 'thinking_delta', thinking: 'hm' }),
      closed(0),
      opened(1, { type: 'text', text: '' }),
      changed(1, { type: 'text_delta', text: '你' }),
      changed(1, { type: 'text_delta', text: '好' }),
      closed(1),
      opened(2, { type: 'tool_use', id: 'c1', name: 'f', input: {} }),
      changed(2, { type: 'input_json_delta', partial_json: '{"a"' }),
      changed(2, { type: 'input_json_delta', partial_json: ':1}' }),
      closed(2),
      opened(3, { type: 'tool_use', id: 'c2', name: 'g', input: {} }),
      changed(3, { type: 'input_json_delta', partial_json: '{}' }),
      closed(3),
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use' },
        usage: { input_tokens: 2, output_tokens: 4, cache_read_input_tokens: 1 },
      },
      { type: 'message_stop' },
    ])
  })

  test('cut at any byte converts the same', () => {
    expectCutsNotToMatter(reply, streamBytes(whole))
  })

  test('without a reason to finish it ends all the same, when it says that it is over', () => {
    const events = convertStream(reply, [streamBytes([chunk({ content: 'a' }), ['message', '[DONE]']])])
    expect(events.slice(-2).map(([, data]) => data)).toEqual([
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 0, output_tokens: 0 },
      },
      { type: 'message_stop' },
    ])
  })

  test('an error in the middle is an error event, and nothing follows', () => {
    const broken = streamBytes([
      chunk({ content: 'a' }),
      ['message', { error: { message: 'x', type: 'y' } }],
      chunk({ content: 'b' }),
    ])
    expect(convertStream(reply, [broken]).at(-1)).toEqual([
      'error',
      { type: 'error', error: { type: 'y', message: 'x' } },
    ])
  })

  test('of another protocol gives nothing', () => {
    const own: readonly PlainEvent[] = [
      ['message_start', { type: 'message_start', message: { id: 'i', content: [] } }],
      ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { text: 'a' } }],
      ['message_stop', {}],
    ]
    expect(convertStream(reply, [streamBytes(own)])).toEqual([])
  })

  test('events that are no JSON are left out', () => {
    const odd: readonly PlainEvent[] = [['message', 'oops'], ...whole.slice(0, 3)]
    expect(convertStream(reply, [streamBytes(odd)])).toEqual(
      convertStream(reply, [streamBytes(whole.slice(0, 3))]),
    )
  })
})

function opened(index: number, content_block: object) {
  return { type: 'content_block_start', index, content_block }
}

function changed(index: number, value: object) {
  return { type: 'content_block_delta', index, delta: value }
}

function closed(index: number) {
  return { type: 'content_block_stop', index }
}

function systemBlock(text: string) {
  return { system: [{ type: 'text', text }] }
}

function systemOf(content: string) {
  return { messages: [{ role: 'system', content }, ...messages] }
}

test('the key becomes a bearer token unless there is one, and Anthropic’s own headers go', () => {
  const list = ['x-api-key', 'k', 'anthropic-version', '2023', 'x-stainless-os', 'x', 'accept', 'a']
  expect(anthropicToChat.headers?.(list)).toEqual(['accept', 'a', 'authorization', 'Bearer k'])
  expect(anthropicToChat.headers?.(['authorization', 'Bearer b', 'x-api-key', 'k'])).toEqual([
    'authorization',
    'Bearer b',
  ])
})
