import { expect, test } from 'vitest'
import { mergeUsage } from '../usage.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { detectProtocol } from './detect.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import type { ClientProtocol } from './protocol.ts'

test.each([
  ['/x/converse', { messages: [] }, 'bedrock-converse'],
  ['/model/m/converse-stream', { messages: [] }, 'bedrock-converse'],
  ['/v1/messages', {}, 'anthropic-messages'],
  ['/v1/messages', [], 'anthropic-messages'],
  ['/v1/messages/count_tokens', { messages: [] }, 'anthropic-count-tokens'],
  ['/v1/messages/count_tokens', { a: 1 }, 'passthrough'],
  ['/v1/responses', { input: 'x' }, 'openai-responses'],
  ['/v1/responses', { messages: {} }, 'openai-chat'],
  ['/any', { messages: [], input: 'x' }, 'openai-chat'],
  ['/any', { messages: 'x', input: 'y' }, 'openai-embeddings'],
  ['/any', { messages: 'x' }, 'passthrough'],
  ['/any', { input: null }, 'passthrough'],
  ['/any', [1], 'passthrough'],
  ['/any', {}, undefined],
  ['/any', [], undefined],
  ['/any', 'x', undefined],
  ['/any', null, undefined],
])('%s with %j speaks %s', (path, body, name) => {
  expect(detectProtocol(path, body)?.name).toBe(name)
})

test('usage of a complete answer', () => {
  expect(openaiChat.usage({ prompt_tokens: 7, completion_tokens: 2 })).toMatchObject({ totalTokens: 9 })
  expect(
    openaiChat.usage({
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 10,
      prompt_tokens_details: { cached_tokens: 3, cache_creation_input_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 2 },
    }),
  ).toMatchObject({ totalTokens: 10, cacheReadTokens: 3, cacheCreationTokens: 1, reasoningTokens: 2 })
  expect(openaiChat.usage({ prompt_cache_hit_tokens: 4 }).cacheReadTokens).toBe(4)
  expect(openaiEmbeddings.usage({ prompt_tokens: 10, completion_tokens: 3, total_tokens: 10 })).toMatchObject(
    {
      promptTokens: 10,
      completionTokens: 0,
      totalTokens: 10,
    },
  )
  expect(openaiChat.usage({ prompt_tokens: 'many', total_tokens: null })).toMatchObject({ totalTokens: 0 })
})

test('later positive numbers win, and the total is never less than its parts', () => {
  const first = mergeUsage(
    undefined,
    anthropicMessages.usage({ input_tokens: 10, output_tokens: 1, tier: 'a' }),
  )
  const merged = mergeUsage(first, anthropicMessages.usage({ input_tokens: 0, output_tokens: 5 }))
  expect(merged).toMatchObject({ promptTokens: 10, completionTokens: 5, totalTokens: 15 })
  expect(merged.raw).toEqual({ input_tokens: 10, output_tokens: 5, tier: 'a' })
})

const history = [
  { role: 'system', content: 's' },
  { role: 'user', content: 'old' },
  { role: 'assistant', content: 'a' },
  { role: 'tool', content: 't' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'new' },
      { type: 'image_url', image_url: { url: 'data:abc' } },
    ],
  },
]

test('the texts to check: the last run of the selected roles, or all of them, and system texts always', () => {
  const body = { messages: history }
  expect(openaiChat.turnTexts(body, 'last', ['user'])).toEqual(['new'])
  expect(openaiChat.turnTexts(body, 'last', ['user', 'tool'])).toEqual(['t', 'new'])
  expect(openaiChat.turnTexts(body, 'all', ['user'])).toEqual(['old', 'new'])
  expect(openaiChat.turnTexts(body, 'last', ['system', 'user'])).toEqual(['s', 'new'])
  expect(openaiChat.turnTexts({ messages: history.slice(0, 3) }, 'last', ['user'])).toEqual([])
  expect(
    openaiChat.turnTexts({ messages: [{ role: 'developer', content: 'd' }] }, 'last', ['system']),
  ).toEqual(['d'])
  expect(anthropicMessages.turnTexts({ system: 's', messages: history }, 'last', ['system', 'user'])).toEqual(
    ['s', 'new'],
  )
  expect(
    bedrockConverse.turnTexts({ messages: [{ role: 'user', content: [{ text: 'b' }] }] }, 'last', ['user']),
  ).toEqual(['b'])
  expect(openaiResponses.turnTexts({ input: 'hi', instructions: 'i' }, 'last', ['user', 'system'])).toEqual([
    'i',
    'hi',
  ])
  const items = ['first', { type: 'function_call_output', output: 'out' }, { role: 'user', content: 'c' }]
  expect(openaiResponses.turnTexts({ input: items }, 'all', ['user', 'tool'])).toEqual(['first', 'out', 'c'])
  const posed = { role: 'user', type: 'function_call_output', output: 'x' }
  expect(openaiResponses.turnTexts({ input: [posed] }, 'last', ['user'])).toEqual(['x'])
  expect(openaiEmbeddings.turnTexts({ input: 'e' }, 'last', ['user'])).toEqual(['e'])
  expect(openaiEmbeddings.turnTexts({ input: ['e', 1, '', 'f', [2]] }, 'last', ['user'])).toEqual(['e', 'f'])
  expect(openaiEmbeddings.turnTexts({ input: ['e'] }, 'last', ['tool'])).toEqual([])
})

test('pictures are not text', () => {
  expect(openaiChat.media({ messages: history })).toEqual({ count: 1, bytes: 8 })
})

test('text, tool calls and the end user of answers and requests', () => {
  const answer = {
    choices: [
      { message: { content: 'a' } },
      { message: { content: null, tool_calls: [{}] } },
      { message: { content: 'b' } },
    ],
  }
  expect(openaiChat.answerText(answer)).toBe('a b')
  const content = [{ type: 'thinking' }, { type: 'text', text: 'c' }, { type: 'text', text: 'd' }]
  expect(openaiChat.answerText({ choices: [{ message: { content } }] })).toBe('c d')
  const data = JSON.stringify({ choices: [{ delta: { content } }] })
  expect(openaiChat.readEvent({ type: 'message', data, id: undefined, retry: undefined }).text).toBe('cd')
  expect(openaiChat.answerHasToolCall(answer)).toBe(true)
  expect(openaiChat.answerUsage({ usage: null })).toBeUndefined()
  expect(openaiChat.endUser({ user: 'u', safety_identifier: 's' })).toBe('s')
  expect(openaiChat.endUser({ user: 'u' })).toBe('u')
})

test.each<[ClientProtocol, string, string]>([
  [openaiChat, 'data: ', 'data: [DONE]'],
  [openaiResponses, 'event: response.output_text.delta\n', '\n\n'],
  [anthropicMessages, 'event: message_start\n', 'event: message_stop\ndata: {}\n\n'],
])('%o denies in its own form', (protocol, start, end) => {
  const stream = protocol.denyStream('no', 'm', undefined)
  expect(stream.startsWith(start)).toBe(true)
  expect(stream.endsWith(end)).toBe(true)
  expect(stream).toContain('no')
  expect(JSON.parse(protocol.denyBody('no', 'm', { total_tokens: 3 }))).toMatchObject({
    model: 'm',
    usage: { total_tokens: 3 },
  })
})
