import { expect, test } from 'vitest'
import { embeddingsToVertex } from './embeddings-to-vertex.ts'

const convert = (body: object) => embeddingsToVertex.request({ ...body }, { model: 'm' })
const prediction = (values: number[]) => ({ embeddings: { values, statistics: { token_count: 2 } } })

test('texts go out as instances, vectors come back as a list', () => {
  const { body, reply, dropped } = convert({ input: ['a', ['b', 7]], model: 'e', dimensions: 3 })
  expect(body).toEqual({ instances: [{ content: 'a' }, { content: 'b 7' }] })
  expect(dropped).toEqual(['dimensions'])
  expect(reply.answer({ predictions: [prediction([1]), prediction([2])] })).toEqual({
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [1] },
      { object: 'embedding', index: 1, embedding: [2] },
    ],
    model: 'e',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })
})

test.each([
  [{}, '`input` is required for embeddings'],
  [{ input: 5 }, '`input` must be string or array'],
  [{ input: ['a', 5] }, 'unsupported input type at index 2'],
])('%j is refused: %s', (body, complaint) => {
  expect(() => convert(body)).toThrow(complaint)
})

test('an answer without vectors is none', () => {
  const { reply } = convert({ input: 'a' })
  expect(() => reply.answer({})).toThrow('vertex response missing predictions')
  expect(() => reply.answer({ predictions: [{}] })).toThrow('invalid embedding at index 1')
})
