import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { anthropicMessages } from '../protocols/anthropic-messages.ts'
import { openaiChat } from '../protocols/openai-chat.ts'
import { openaiResponses } from '../protocols/openai-responses.ts'
import type { ClientProtocol } from '../protocols/protocol.ts'
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

test('an incomplete event is noticed', () => {
  expect(watch(openaiChat, [delta('a'), 'data: {"cho']).betweenEvents).toBe(false)
  expect(watch(openaiChat, [delta('a').replaceAll('\n', '\r\n')]).betweenEvents).toBe(true)
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
