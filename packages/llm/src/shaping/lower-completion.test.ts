import { describe, expect, test } from 'vitest'
import { openaiChat } from '../protocols/openai-chat.ts'
import { BodyShaper, type ShapingRules } from './body-shaper.ts'
import { lowerCompletion } from './lower-completion.ts'

const lowered = (body: Record<string, unknown>, usual?: string) =>
  lowerCompletion((key) => body[key], 50, usual)

describe('the bound on an answer', () => {
  test.each([
    [{ max_tokens: 50 }, undefined],
    [{ max_tokens: 51 }, { max_tokens: 50 }],
    [{ max_tokens: 10, max_completion_tokens: 900 }, { max_completion_tokens: 50 }],
    [
      { max_tokens: 100, max_output_tokens: 100 },
      { max_tokens: 50, max_output_tokens: 50 },
    ],
    [{ inferenceConfig: { maxTokens: 99, topP: 1 } }, { inferenceConfig: { maxTokens: 50, topP: 1 } }],
    [{ max_tokens: 'all' }, { max_tokens: 50 }],
    [{ max_tokens: null }, { max_completion_tokens: 50 }],
    [{}, { max_completion_tokens: 50 }],
  ])('%j becomes %j', (body, edits) => {
    expect(lowered(body, 'max_completion_tokens')).toEqual(edits)
  })

  test('where nobody knows its name none is set', () => {
    expect(lowered({})).toBeUndefined()
  })
})

describe('a shaped body', () => {
  const rules: ShapingRules = {
    options: undefined,
    maxTokens: undefined,
    maxTokensMember: { member: 'max_tokens' },
    patch: undefined,
    forcePatch: false,
    dropsModel: false,
  }
  const body = { model: 'm', max_tokens: 500 }
  const shape = (more: Partial<ShapingRules>, max?: number) => {
    const shaper = new BodyShaper(openaiChat, { ...rules, ...more })
    const { bytes } = shaper.shape(body, Buffer.from(JSON.stringify(body)), max)
    return { json: JSON.parse(String(bytes)) as unknown, bound: shaper.member(body, 'max_tokens') }
  }

  test('keeps the bound of the client, the options or the patch within what is left', () => {
    expect(shape({}, 70)).toEqual({ json: { model: 'm', max_tokens: 70 }, bound: 500 })
    expect(shape({ options: { max_tokens: 900 } }, 70)).toMatchObject({
      json: { max_tokens: 70 },
      bound: 900,
    })
    const patched = { patch: { max_tokens: 800 }, forcePatch: true }
    expect(shape(patched, 70)).toMatchObject({ json: { max_tokens: 70 }, bound: 800 })
    expect(shape({ ...patched, forcePatch: false })).toMatchObject({ json: body, bound: 500 })
  })

  test('is left alone when it asks for less', () => {
    expect(shape({}, 500).json).toEqual(body)
    expect(shape({}).json).toEqual(body)
  })
})
