// What plugins read from a request and add to it, in each protocol; the same for bodies that are scanned.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LongJson } from '../large/long-json.ts'
import type { JsonObject, ProtocolName } from '../protocols/protocol.ts'
import { protocolNamed } from '../protocols/index.ts'
import { addMessages, addMessagesToPieces, type PromptMessage } from './additions.ts'
import { conversationOf, wholeConversationOf } from './conversation.ts'

const said = (protocol: ProtocolName, body: JsonObject) =>
  conversationOf(protocol, body).map(({ role, content }) => `${role}: ${content}`)

describe('a conversation', () => {
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'image_url', image_url: { url: 'x' } },
    { type: 'text', text: 'b' },
  ]
  test.each<[ProtocolName, JsonObject, string[]]>([
    [
      'openai-chat',
      {
        messages: [
          { role: 'developer', content: 'd' },
          { role: 'user', content: parts },
        ],
      },
      ['developer: d', 'user: a b'],
    ],
    ['openai-chat', { messages: [{ role: 'user', content: '' }, { role: 'user' }, 'x'] }, []],
    ['openai-chat', { messages: {} }, []],
    [
      'anthropic-messages',
      { system: 's', messages: [{ role: 'user', content: 'u' }] },
      ['system: s', 'user: u'],
    ],
    [
      'anthropic-messages',
      { system: [{ type: 'text', text: 's' }], messages: [{ role: 'user', content: parts }] },
      ['system: s', 'user: a b'],
    ],
    [
      'bedrock-converse',
      { system: [{ text: 's' }, { text: 't' }], messages: [{ role: 'user', content: [{ text: 'u' }] }] },
      ['system: s t', 'user: u'],
    ],
    ['openai-responses', { instructions: 'i', input: 'u' }, ['system: i', 'user: u']],
    [
      'openai-responses',
      {
        input: [
          'u',
          { role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
          { text: 't' },
          { type: 'function_call_output', output: 'o' },
        ],
      },
      ['user: u', 'assistant: a', 'user: t', 'user: o'],
    ],
    ['openai-embeddings', { input: 'u' }, ['user: u']],
    ['openai-embeddings', { input: ['u', 'v', 1] }, ['user: u v']],
    ['passthrough', { contents: [{ parts: [{ text: 'u' }] }] }, []],
  ])('of %s %j', (protocol, body, expected) => {
    expect(said(protocol, body)).toEqual(expected)
  })
})

const answered: readonly [ProtocolName, object[]][] = [
  [
    'anthropic-messages',
    [
      { type: 'tool_result', tool_use_id: 'a', content: 'one' },
      { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'two' }, { type: 'image' }] },
      { type: 'text', text: 'and?' },
    ],
  ],
  [
    'bedrock-converse',
    [
      { toolResult: { toolUseId: 'a', content: [{ text: 'one' }, { image: {} }] } },
      { toolResult: { toolUseId: 'b', content: [{ text: 'two' }] } },
      { text: 'and?' },
    ],
  ],
]

describe.each(answered)('what tools say within messages of users of %s', (name, content) => {
  const body = {
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [] },
      { role: 'user', content },
    ],
  }

  test('belongs to the whole conversation', () => {
    expect(said(name, body)).toEqual(['user: hi', 'user: and?'])
    const whole = wholeConversationOf(name, body).map(({ role, content: text }) => `${role}: ${text}`)
    expect(whole).toEqual(['user: hi', 'tool: one two', 'user: and?'])
  })

  test('is a turn of theirs, and of the users’', () => {
    const { turnTexts } = protocolNamed(name)
    expect(turnTexts(body, 'last', ['tool'])).toEqual(['one', 'two'])
    expect(turnTexts(body, 'last', ['user'])).toEqual(['and?'])
    expect(turnTexts(body, 'all', ['user', 'tool'])).toEqual(['hi', 'one', 'two', 'and?'])
  })
})

test('JSON that a tool of Bedrock’s says is read as text', () => {
  const content = [{ toolResult: { content: [{ json: { a: 1 } }] } }]
  const { turnTexts } = protocolNamed('bedrock-converse')
  expect(turnTexts({ messages: [{ role: 'user', content }] }, 'last', ['tool'])).toEqual(['{"a":1}'])
})

const prepend: readonly PromptMessage[] = [
  { role: 'system', content: 's' },
  { role: 'user', content: '"p"' },
]
const append: readonly PromptMessage[] = [{ role: 'user', content: 'q\n' }]

const added: readonly [ProtocolName, JsonObject, JsonObject][] = [
  ['openai-chat', { messages: [1], n: 1 }, { messages: [...prepend, 1, ...append], n: 1 }],
  ['openai-chat', { messages: [] }, { messages: [...prepend, ...append] }],
  ['openai-chat', {}, { messages: [...prepend, ...append] }],
  [
    'anthropic-messages',
    { system: 'x', messages: [1, 2] },
    { system: 'x', messages: [...prepend, 1, 2, ...append] },
  ],
  [
    'bedrock-converse',
    { messages: [1], system: [2] },
    {
      messages: [
        { role: 'user', content: [{ text: '"p"' }] },
        1,
        { role: 'user', content: [{ text: 'q\n' }] },
      ],
      system: [{ text: 's' }, 2],
    },
  ],
  ['openai-responses', { input: 'u', instructions: 'i' }, { input: 'u\nq\n', instructions: 's\n"p"\ni' }],
  [
    'openai-responses',
    { input: [1] },
    { input: [1, { type: 'message', role: 'user', content: 'q\n' }], instructions: 's\n"p"' },
  ],
  ['openai-responses', { input: 5 }, { input: 'q\n', instructions: 's\n"p"' }],
  ['openai-embeddings', { input: 'u' }, { input: 'u' }],
  ['passthrough', { a: 1 }, { a: 1 }],
]

test.each(added)('messages are added to %s %j', (protocol, body, expected) => {
  expect(addMessages(protocol, body, prepend, append)).toEqual(expected)
})

test.each(added)('and in pieces to %s %j', (protocol, body, expected) => {
  expect(inPieces(protocol, JSON.stringify(body), prepend, append)).toEqual(expected)
})

test('nothing is added by nobody', () => {
  expect(addMessages('openai-responses', { input: 'u' }, [], [])).toEqual({ input: 'u' })
  expect(addMessages('bedrock-converse', { messages: [1] }, [], [])).toEqual({ messages: [1] })
})

test('what stands there twice gets them once, where parsers look', () => {
  expect(inPieces('openai-chat', '{"messages":[1],"a":2,"messages":[3]}', [], append)).toEqual({
    messages: [3, ...append],
    a: 2,
  })
})

test('a long text and a long list get them, too', () => {
  const long = 'x'.repeat(100_000)
  expect(
    inPieces('openai-responses', JSON.stringify({ input: long, instructions: long }), prepend, append),
  ).toEqual({
    input: `${long}\nq\n`,
    instructions: `s\n"p"\n${long}`,
  })
  const messages = [{ role: 'user', content: long }]
  expect(inPieces('openai-chat', JSON.stringify({ messages }), prepend, append)).toEqual({
    messages: [...prepend, ...messages, ...append],
  })
})

test('in pieces or not, the outcome is the same', () => {
  const body = fc.record(
    {
      messages: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
      input: fc.jsonValue(),
      instructions: fc.jsonValue(),
      system: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
      other: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const message = fc.record({
    role: fc.constantFrom('system', 'user', 'assistant'),
    content: fc.string({ unit: 'binary', minLength: 1 }),
  })
  const protocol = fc.constantFrom<ProtocolName>(
    'openai-chat',
    'bedrock-converse',
    'openai-responses',
    'passthrough',
  )
  fc.assert(
    fc.property(protocol, body, fc.array(message), fc.array(message), (name, value, front, back) => {
      const text = JSON.stringify(value)
      const parsed = JSON.parse(text) as JsonObject
      const expected: unknown = JSON.parse(JSON.stringify(addMessages(name, parsed, front, back)))
      expect(inPieces(name, text, front, back)).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

function inPieces(
  protocol: ProtocolName,
  text: string,
  front: readonly PromptMessage[],
  back: readonly PromptMessage[],
): unknown {
  const json = new LongJson()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 10_007) json.push(bytes.subarray(at, at + 10_007))
  expect(json.complaint()).toBe('')
  return JSON.parse(Buffer.concat(addMessagesToPieces(protocol, json, front, back)).toString())
}
