import { expect, test } from 'vitest'
import { openaiChat } from '../protocols/openai-chat.ts'
import { completionBound, modelsMax, TokenEstimator } from './token-estimator.ts'

const bound = (body: Record<string, unknown>) => completionBound((key) => body[key])
const prompt = (bytes: number) => ({ bytes, media: 0 })

test('an unknown model starts with four bytes to a token', () => {
  const estimator = new TokenEstimator()
  expect(estimator.promptTokens('m', prompt(400))).toBe(100)
  expect(estimator.promptTokens('m', { bytes: 400, media: 2 })).toBe(100 + 2048)
  expect(estimator.completionTokens('m')).toBe(1024)
  expect(estimator.tokensOfText('m', 40)).toBe(10)
})

test('ratios and the usual length of a completion are learned per model', () => {
  const estimator = new TokenEstimator()
  const usage = openaiChat.usage({ prompt_tokens: 200, completion_tokens: 50 })
  for (let i = 0; i < 500; i++) estimator.learn('m', prompt(400), 100, usage)
  expect(estimator.promptTokens('m', prompt(400))).toBeCloseTo(200, -1)
  expect(estimator.tokensOfText('m', 100)).toBeCloseTo(50, -1)
  expect(estimator.completionTokens('m')).toBeGreaterThan(40)
  expect(estimator.completionTokens('m')).toBeLessThan(70)
  expect(estimator.completionTokens('other')).toBe(1024)
})

test('names are forgotten when there are too many', () => {
  const estimator = new TokenEstimator()
  const usage = openaiChat.usage({ prompt_tokens: 400, completion_tokens: 5000 })
  for (let i = 0; i <= modelsMax; i++) estimator.learn(`m${i}`, prompt(400), 0, usage)
  expect(estimator.completionTokens('m0')).toBe(1024)
  expect(estimator.completionTokens('m1')).toBeGreaterThan(1024)
})

test('the bound of a completion is the largest of its names', () => {
  expect(bound({ max_tokens: 5, max_completion_tokens: 7 })).toBe(7)
  expect(bound({ max_output_tokens: 9, inferenceConfig: { maxTokens: 11 } })).toBe(11)
  expect(bound({ max_tokens: '5' })).toBe(0)
  expect(bound({})).toBe(0)
})
