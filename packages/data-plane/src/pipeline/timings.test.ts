import { noUsage, openaiChat } from '@weir/llm'
import type { GatewayResponse, UpstreamAttempt } from '@weir/plugin-api'
import { createTestContext, createTestExchange } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { addTimings } from './timings.ts'

const usage = { ...noUsage, promptTokens: 10, completionTokens: 5, totalTokens: 15 }
const llm = {
  ...createTestExchange({ protocol: openaiChat, body: {}, instance: 'b', usage }),
  timeToFirstTokenMs: 8,
}

const unfinished = { address: '', node: 'b', status: 200, connectMs: 1, headerMs: 2, responseMs: undefined }

function timings(attempts: readonly Partial<UpstreamAttempt>[]): string | undefined {
  const ctx = createTestContext({ llm })
  for (const { startedAt = 0, ...attempt } of attempts) {
    ctx.upstream.attempts.push({
      ...unfinished,
      ...attempt,
      startedAt: ctx.startedAt + startedAt,
    })
  }
  const response: GatewayResponse = { status: 200, headers: [], source: 'upstream', body: '' }
  addTimings(ctx, response, llm)
  return response.headers[1]
}

test('a stream that begins says what is known by then', () => {
  expect(timings([{ startedAt: 2 }])).toBe('before;dur=2.00, ttft;dur=8.00')
})

test('a whole answer says all', () => {
  const text = timings([
    { startedAt: -30, responseMs: 3 },
    { startedAt: -20, responseMs: 10 },
  ])
  expect(text).toMatch(
    /^before;dur=-30.00, ttft;dur=8.00, upstream;dur=13.00, token;dur=2.00, after;dur=\d+\.\d\d$/,
  )
})

test('an answer of the gateway itself says nothing', () => {
  expect(timings([])).toBeUndefined()
})
