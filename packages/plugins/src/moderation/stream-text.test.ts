import { openaiChat, parseSseEvent, protocolNamed } from '@weir/llm'
import { createTestExchange } from '@weir/plugin-api/harness'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { StreamText } from './stream-text.ts'

const exchange = createTestExchange({ protocol: openaiChat, body: { model: 'm', messages: [] } })

const event = (data: string) => parseSseEvent(Buffer.from(`data: ${data}\n\n`))

const piece = (index: number, content: string) =>
  parseSseEvent(Buffer.from(`data: ${JSON.stringify({ choices: [{ delta: { content }, index }] })}\n\n`))

test('answers that come by turns are read each by itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 3 }), fc.string({ minLength: 1, maxLength: 5 })), { maxLength: 30 }),
      (pieces) => {
        const text = new StreamText(exchange, 0)
        const answers = ['', '', '', '']
        for (const [index, content] of pieces) {
          text.add(piece(index, content))
          answers[index] += content
        }
        expect(text.bytes).toBe(Buffer.byteLength(answers.join('')))
        const portion = text.take().split('\n').toSorted()
        expect(portion.join('\n')).toBe(
          answers
            .filter((one) => one !== '')
            .toSorted()
            .join('\n'),
        )
        expect(text.bytes).toBe(0)
      },
    ),
  )
})

test('an answer in parts is read by itself as well', () => {
  const parts = [{ type: 'text', text: 'ki' }, { type: 'thinking' }, { type: 'text', text: 'll' }]
  const data = JSON.stringify({ choices: [{ delta: { content: parts }, index: 1 }] })
  const text = new StreamText(exchange, 0)
  text.add(piece(0, 'a'))
  text.add(event(data))
  expect(text.take()).toBe('a\nkill')
})

test('a portion begins with the end of the one before, of the same answer', () => {
  const text = new StreamText(exchange, 3)
  for (const [index, content] of [
    [0, 'a k'],
    [1, 'b k'],
  ] as const)
    text.add(piece(index, content))
  expect(text.take()).toBe('a k\nb k')
  text.add(piece(1, 'ill'))
  expect(text.take()).toBe('b kill')
  text.add(piece(0, 'ey'))
  expect(text.take()).toBe('a key')
})

test('an index of something else changes nothing', () => {
  const text = new StreamText(exchange, 0)
  text.add(event('{"choices":[{"index":0,"delta":{"content":"a","tool_calls":[{"index":1}]}}]}'))
  text.add(event('{"choices":[{"index":0,"delta":{"content":"b"}}]}'))
  expect(text.take()).toBe('ab')
  const other = new StreamText(
    createTestExchange({ protocol: protocolNamed('anthropic-messages'), body: {} }),
    0,
  )
  for (const part of ['c', 'd']) {
    const data = `{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"${part}"}}`
    other.add(parseSseEvent(Buffer.from(`event: content_block_delta\ndata: ${data}\n\n`)))
  }
  expect(other.take()).toBe('cd')
})

test.each([
  ['openai-chat', 'event: chunk\ndata: {"choices":[{"index":0,"delta":{"content":"kill"}}]}\n\n'],
  [
    'anthropic-messages',
    'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"kill"}}\n\n',
  ],
  ['openai-responses', 'data: {"type":"response.output_text.delta","delta":"kill"}\n\n'],
] as const)('%s: what clients read is read, whether its event has a name or not', (name, bytes) => {
  const llm = createTestExchange({ protocol: protocolNamed(name), body: {} })
  const text = new StreamText(llm, 0)
  text.add(parseSseEvent(Buffer.from(bytes)))
  expect(text.take()).toBe('kill')
  expect(text.add(parseSseEvent(Buffer.from('data: broken {\n\n'))).text).toBeUndefined()
})
