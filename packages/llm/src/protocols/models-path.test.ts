import { expect, test } from 'vitest'
import { modelAsked } from './models-path.ts'

test.each([
  ['/v1/models', ''],
  ['/prefix/v1/models', ''],
  ['/v1/models/', ''],
  ['/v1/models/gpt-4o', 'gpt-4o'],
  ['/prefix/v1/models/qwen/qwen3:free', 'qwen/qwen3:free'],
  ['/v1/modelsx', undefined],
  ['/v1beta/models/gemini', undefined],
  ['/v1/chat/completions', undefined],
])('%s asks for %j', (path, model) => {
  expect(modelAsked(path)).toBe(model)
})
