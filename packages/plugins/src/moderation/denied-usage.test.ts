import { noUsage, type ProtocolName, protocolNamed } from '@weir/llm'
import { createTestExchange } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { denialOf } from './denial.ts'
import { usageToTell } from './denied-usage.ts'

const reports = {
  'openai-chat': { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  'openai-responses': { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
  'anthropic-messages': { input_tokens: 10, output_tokens: 5 },
  'bedrock-converse': { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
} as const
const names = Object.keys(reports) as (keyof typeof reports)[]

function told(caller: ProtocolName, raw: object | undefined) {
  const used = { promptTokens: 10, completionTokens: 5, totalTokens: 15 }
  const usage = { ...noUsage, ...used, raw: raw && { ...raw } }
  const llm = createTestExchange({ protocol: protocolNamed(caller), body: {}, usage })
  return { llm, usage: usageToTell(llm) }
}

test.each(names)('%s is told in its own words what others reported', (caller) => {
  for (const provider of names) expect(told(caller, reports[provider]).usage).toMatchObject(reports[caller])
})

test('what was reported in the caller’s words is told as it is', () => {
  const more = { ...reports['openai-chat'], completion_tokens_details: { reasoning_tokens: 1 } }
  expect(told('openai-chat', more).usage).toEqual(more)
  expect(told('openai-chat', undefined).usage).toBeUndefined()
})

test('a denied answer tells it', () => {
  const { llm } = told('anthropic-messages', reports['openai-chat'])
  expect(denialOf(llm, 'No.', 200).body).toContain('"usage":{"input_tokens":10,"output_tokens":5}')
})
