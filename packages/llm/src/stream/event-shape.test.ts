import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openaiChat } from '../protocols/openai-chat.ts'
import type { StreamMarks } from '../protocols/protocol.ts'
import { EventShape } from './event-shape.ts'

const marks = openaiChat.marks as StreamMarks
const latin1 = (text: string) => Buffer.from(text).toString('latin1')
const event = (data: string) => latin1(`data: ${data}\n\n`)
const delta = (content: string, more: object = {}) =>
  event(JSON.stringify({ choices: [{ index: 0, delta: { content } }], ...more }))

const call = (args: string) => event(`{"tool_calls": [{"function": {"arguments": ${JSON.stringify(args)}}}]}`)

function learned(...events: readonly string[]): EventShape {
  const shape = new EventShape(marks)
  for (const one of events) shape.learn(one)
  return shape
}

test('after one event those with another text are known, whatever the text', () => {
  const shape = learned(delta('Hi'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(9), (text, padding) => {
      const next = delta(text)
      expect(shape.match(' '.repeat(padding) + next, padding)).toBe(padding + next.length)
      const escaped = JSON.stringify(text)
      expect(shape.textBytes).toBe(Buffer.byteLength(escaped) - 2)
    }),
  )
})

test('what differs between two events may differ in all that follow, but no type does', () => {
  const shape = learned(
    delta('a', { id: 'x1', created: 1, type: 'one', n: { model: 'm' } }),
    delta('b', { id: 'y', created: 25, type: 'one', n: { model: 'm' } }),
  )
  const next = (more: object) => shape.match(delta('c', more), 0) > 0
  expect(next({ id: 'z', created: -3.5e7, type: 'one', n: { model: 'm' } })).toBe(true)
  expect(next({ id: 'z', created: 3, type: 'one', n: { model: 'other' } })).toBe(false)
  expect(next({ id: 'z', created: 3, type: 'two', n: { model: 'm' } })).toBe(false)
  expect(next({ id: 5, created: 3, type: 'one', n: { model: 'm' } })).toBe(false)
  const types = learned(event('{"type":"a"}'), event('{"type":"b"}'))
  expect(types.match(event('{"type":"c"}'), 0)).toBe(-1)
})

test('nothing that is no JSON is like an event that is', () => {
  fc.assert(
    fc.property(
      fc.object({ maxDepth: 2 }),
      fc.array(fc.string(), { minLength: 3, maxLength: 3 }),
      fc.nat(),
      fc.nat(3),
      fc.string({ maxLength: 3 }),
      (more, [first = '', second = '', third = ''], place, removed, added) => {
        const shape = learned(delta(first, { id: first, ...more }), delta(second, { id: second, ...more }))
        const whole = delta(third, { id: third, ...more })
        const at = place % whole.length
        const changed = whole.slice(0, at) + latin1(added) + whole.slice(at + removed)
        const end = shape.match(changed, 0)
        if (end < 0) return
        const [, data = ''] = /^data: (.*)\n\n$/.exec(changed.slice(0, end)) ?? []
        expect(JSON.parse(data)).toBeTypeOf('object')
      },
    ),
    { numRuns: 2000 },
  )
})

test('text for tools is counted apart, spaces or not', () => {
  const shape = learned(call('{"a'))
  expect(shape.match(call('":"1234"}'), 0)).toBeGreaterThan(0)
  expect(shape).toMatchObject({ textBytes: 0, toolTextBytes: '\\":\\"1234\\"}'.length })
})

test('data in several lines is no shape, nor is a long event', () => {
  const lines = latin1('data: {"a":"x"\ndata: ,"content":"y"}\n\n')
  expect(learned(lines).match(lines, 0)).toBe(-1)
  const long = delta('x'.repeat(3000))
  expect(learned(long).match(long, 0)).toBe(-1)
})

test('where every event is of another kind, learning is given up', () => {
  const shape = learned(...Array.from({ length: 20 }, (_, i) => event(`{"k${'x'.repeat(i)}":"content"}`)))
  const after = delta('Hi')
  shape.learn(after)
  expect(shape.match(after, 0)).toBe(-1)
})
