import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { anthropicMessages } from '../protocols/anthropic-messages.ts'
import { openaiChat } from '../protocols/openai-chat.ts'
import { openaiResponses } from '../protocols/openai-responses.ts'
import { passthrough } from '../protocols/passthrough.ts'
import type { ClientProtocol } from '../protocols/protocol.ts'
import { sseCarryBytesMax } from '../transport/sse-splitter.ts'
import { StreamWatch } from './stream-watch.ts'

const chunk = (rest: object) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...rest })}\n\n`
const delta = (content: string, finish: string | null = null) =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason: finish }], usage: null })
const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

function watch(protocol: ClientProtocol, chunks: readonly (string | Buffer)[], wantsText = false) {
  const watching = new StreamWatch(protocol, wantsText)
  for (const one of chunks) watching.push(Buffer.from(one))
  return watching
}

const words = fc.array(
  fc.oneof(
    fc.string(),
    fc.constantFrom('"usage":{"prompt_tokens":9}', '[DONE]', '"finish_reason":"stop"', '语\\"'),
  ),
)

test('what is seen does not depend on how the bytes are cut, nor on whether text is wanted', () => {
  fc.assert(
    fc.property(words, fc.array(fc.nat(), { maxLength: 8 }), (contents, cuts) => {
      const whole = Buffer.from(
        contents.map((text) => delta(text)).join('') +
          delta('', 'stop') +
          chunk({ choices: [], usage }) +
          'data: [DONE]\n\n',
      )
      const places = [0, ...cuts.map((cut) => cut % whole.length), whole.length].toSorted((a, b) => a - b)
      const pieces = places.slice(1).map((end, i) => whole.subarray(places[i], end))
      for (const wantsText of [false, true]) {
        const seen = watch(openaiChat, pieces, wantsText)
        expect(seen).toMatchObject({ done: true, finished: 1, toolCall: false, betweenEvents: true })
        expect(seen.usage).toMatchObject({
          promptTokens: 10,
          completionTokens: 5,
          totalTokens: 15,
          source: 'reported',
        })
        expect(seen.text).toBe(wantsText ? contents.join('') : '')
      }
    }),
  )
})

test('a mark inside an answer misleads nobody', () => {
  const seen = watch(openaiChat, [
    delta('"usage":{"prompt_tokens":9} [DONE] "finish_reason":"stop" "tool_calls"'),
  ])
  expect(seen).toMatchObject({ usage: undefined, done: false, finished: 0, toolCall: false })
})

test('text is counted in bytes whatever key brings it', () => {
  const reasoning = chunk({ choices: [{ delta: { content: null, reasoning_content: 'abcd' } }] })
  const args = chunk({
    choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] } }],
  })
  const seen = watch(openaiChat, [delta('hello'), delta('语言'), reasoning, args])
  expect(seen).toMatchObject({ textBytes: 5 + 6 + 4 + 9, toolCall: true })
})

test('text in parts is counted, however many events are alike', () => {
  const parts = (text: string, more: object = {}) =>
    chunk({ choices: [{ delta: { content: [{ type: 'text', text }], ...more } }] })
  const events = ['hello', '语言', 'a\\b', ''].map((text) => parts(text))
  expect(watch(openaiChat, events).textBytes).toBe(5 + 6 + 4)
  const thought = chunk({
    choices: [{ delta: { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] } }],
  })
  expect(watch(openaiChat, [thought, thought, parts('x', { reasoning_content: 'abc' })]).textBytes).toBe(8)
  // What is no part is no text, whatever it is called.
  expect(watch(openaiChat, [chunk({ choices: [{ delta: { content: 'a' }, text: 'b' }] })]).textBytes).toBe(1)
})

const broken = fc.constantFrom(
  'data: {"choices":[{"delta"\n\n',
  'data: {"choices":[{"delta":{"content":"half\n\n',
  'event: message\ndata: oops\n\n',
  'data:\n\n',
  'data: null\r\n\r\n',
  'data: [1]\n\n',
  'data: [DONE\n\n',
  ': about to break\nid: 7\ndata: {"a":1}\ndata: }\n\n',
)
const whole = fc.oneof(
  fc.string().map((text) => delta(text)),
  fc.string().map((text) => delta(text).replaceAll('\n', '\r\n')),
  fc.constantFrom(
    ': comment\n\n',
    '\n',
    '\r\n',
    'event: ping\n\n',
    'event: error\ndata: overloaded\n\n',
    'data: {"choices":\ndata: [{"delta":{"content":"two lines"}}]}\n\n',
    'data: {"error":{"message":"oops"}}\n\n',
    'data:{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{\\"a\\":1}"}}]}}]}\n\n',
    chunk({ choices: [], usage }),
    delta('', 'stop'),
    delta('é語\u0000\ud800'),
  ),
)
const mixed = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: whole.map((text) => ({ text, passes: true })) },
    { weight: 1, arbitrary: broken.map((text) => ({ text, passes: false })) },
  ),
  { maxLength: 12 },
)
const textOf = (events: readonly { text: string }[]) => events.map(({ text }) => text).join('')

test('broken events are left out, and nothing else, however the stream is cut', () => {
  fc.assert(
    fc.property(mixed, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (events, cuts, wantsText) => {
      const bytes = Buffer.from(textOf(events))
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
        (a, b) => a - b,
      )
      const watching = new StreamWatch(openaiChat, wantsText)
      const passed = places.slice(1).map((end, i) => watching.push(bytes.subarray(places[i], end)))
      const expected = events.filter(({ passes }) => passes)
      expect(Buffer.concat(passed).toString()).toBe(textOf(expected))
      expect(watching.brokenEvents).toBe(events.length - expected.length)
      expect(watching.rest).toHaveLength(0)
      // What is known of it is what each event says on its own.
      const apart = watch(
        openaiChat,
        expected.map(({ text }) => text),
        true,
      )
      const { usage: total, finished, toolCall, done, textBytes } = apart
      expect(watching).toMatchObject({ usage: total, finished, toolCall, done, textBytes })
    }),
    { numRuns: 500 },
  )
})

test('a chunk of whole events passes as it is, without a copy', () => {
  const watching = new StreamWatch(openaiChat, false)
  for (const text of ['a', 'b', 'c']) {
    const one = Buffer.from(delta(text) + delta(text))
    expect(watching.push(one)).toBe(one)
  }
})

test.each([
  ['data: [DONE]', 'data: [DONE]'],
  [delta('last').trimEnd(), delta('last').trimEnd()],
  [': bye\n', ': bye\n'],
  ['data: {"cho', ''],
  ['data: {"choices":[{"delta":{"content":"x"}}]}\ndata: {', ''],
])('what is left at the end may be passed on unless it is broken: %j', (tail, rest) => {
  const watching = new StreamWatch(openaiChat, false)
  expect(watching.push(Buffer.from(delta('a') + tail)).toString()).toBe(delta('a'))
  expect(watching.rest.toString()).toBe(rest)
  expect(watching.betweenEvents).toBe(true)
})

test('an event of more than 1 MiB passes unread', () => {
  const watching = new StreamWatch(openaiChat, false)
  const piece = Buffer.alloc(sseCarryBytesMax, 'x')
  expect(watching.push(Buffer.from('data: '))).toHaveLength(0)
  expect(watching.push(piece)).toHaveLength(sseCarryBytesMax + 6)
  expect(watching.betweenEvents).toBe(false)
  expect(watching.push(piece)).toBe(piece)
  const end = Buffer.from(`\n\n${delta('a')}data: oops\n\n`)
  expect(watching.push(end).toString()).toBe(`\n\n${delta('a')}`)
  expect(watching).toMatchObject({ betweenEvents: true, brokenEvents: 1, textBytes: 1 })
})

test('of a protocol that is not known everything passes', () => {
  const watching = new StreamWatch(passthrough, false)
  const half = Buffer.from('data: oops\n\ndata: {"ha')
  expect(watching.push(half)).toBe(half)
  expect(watching).toMatchObject({ brokenEvents: 0, betweenEvents: true })
})

test.each([
  [anthropicMessages, event('content_block_delta', { delta: { type: 'text_delta', text: 'Hi' } })],
  [openaiResponses, event('response.output_text.delta', { delta: 'Hi', sequence_number: 4 })],
])('other protocols lose broken events, too: $name', (protocol, text) => {
  const watching = new StreamWatch(protocol, false)
  const half = text.replace('}', '')
  const passed = [text, half, text, text + half + text].map((one) => watching.push(Buffer.from(one)))
  expect(Buffer.concat(passed).toString()).toBe(text.repeat(4))
  expect(watching).toMatchObject({ brokenEvents: 2, textBytes: 8 })
})

test('usage in several events is merged', () => {
  const anthropic = watch(
    anthropicMessages,
    [
      event('message_start', { message: { usage: { input_tokens: 10, output_tokens: 1 } } }),
      event('content_block_delta', { delta: { type: 'text_delta', text: 'Hi' } }),
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }),
      event('message_stop', {}),
    ],
    true,
  )
  expect(anthropic).toMatchObject({ done: true, text: 'Hi' })
  expect(anthropic.usage).toMatchObject({ promptTokens: 10, completionTokens: 5, totalTokens: 15 })

  const responses = watch(openaiResponses, [
    event('response.output_text.delta', { delta: 'Hi' }),
    event('response.completed', { response: { usage: { input_tokens: 3, output_tokens: 4 } } }),
  ])
  expect(responses).toMatchObject({ done: true, textBytes: 2 })
  expect(responses.usage).toMatchObject({ promptTokens: 3, completionTokens: 4, totalTokens: 7 })
})
