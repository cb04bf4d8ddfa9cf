import { type RequestCounters, CounterUnavailableError } from '@weir/counters'
import { complaintAbout, createInstance, createTestContext, createTestHost } from '@weir/plugin-api/harness'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestStores } from '../token-quota/quota-harness.ts'
import { limitReq } from './plugin.ts'

function setUp(config: object) {
  const counters = createTestStores()
  const instance = createInstance(limitReq, config, createTestHost({ counters }))
  const send = async (headers: Record<string, string> = {}) => {
    const started = performance.now()
    const reply = await instance.access?.(createTestContext({ request: { headers } }))
    return { reply, ms: performance.now() - started }
  }
  return { counters, send }
}

test('what comes too fast is held back, what comes much too fast refused', async () => {
  const { send, counters } = setUp({ rate: 20, burst: 2, key: 'remote_addr', rejected_code: 429 })
  expect(await send()).toMatchObject({ reply: undefined })
  const second = await send()
  expect(second.reply).toBeUndefined()
  // A twentieth of a second; timers may be a millisecond early.
  expect(second.ms).toBeGreaterThan(40)
  expect((await send()).ms).toBeGreaterThan(90)
  expect((await send()).reply).toEqual({ status: 429 })
  counters.wait(1000)
  expect((await send()).reply).toBeUndefined()
})

test('no more pass than the rate and the burst allow, however they come', async () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(gaps, async (waits) => {
      const { send, counters } = setUp({ rate: 10, burst: 3, key: 'remote_addr', nodelay: true })
      let passed = 0
      let seconds = 0
      for (const wait of waits) {
        counters.wait(wait)
        seconds += wait / 1000
        if (!(await send()).reply) passed++
        expect(passed).toBeLessThanOrEqual(1 + 3 + seconds * 10 + 1e-6)
      }
    }),
  )
})

test('each value of the key has its own bucket', async () => {
  const { send } = setUp({ rate: 0.001, burst: 0, key: 'http_who', rejected_msg: 'slow down' })
  expect((await send({ who: 'a' })).reply).toBeUndefined()
  expect((await send({ who: 'a' })).reply).toEqual({ status: 503, body: { error_msg: 'slow down' } })
  expect((await send({ who: 'b' })).reply).toBeUndefined()
})

const leak: RequestCounters['leak'] = () => Promise.reject(new CounterUnavailableError('away'))

test.each([
  [false, { status: 500 }],
  [true, undefined],
])('counters that are away, allow_degradation %s', async (allow_degradation, reply) => {
  const stores = createTestStores()
  const counters = { ...stores, requests: () => ({ ...stores.requests({ policy: 'local' }), leak }) }
  const config = { rate: 1, burst: 1, key: 'remote_addr', allow_degradation }
  const instance = createInstance(limitReq, config, createTestHost({ counters }))
  expect(await instance.access?.(createTestContext())).toEqual(reply)
})

test.each([
  [{ burst: 1, key: 'a' }, 'property "rate" is required'],
  [{ rate: 0, burst: 1, key: 'a' }, 'property "rate" validation failed'],
  [{ rate: 1, burst: 1, key: 'a', policy: 'redis-sentinel' }, 'property "policy" validation failed'],
])('%j is refused', (config, complaint) => {
  expect(complaintAbout(limitReq, config)).toContain(complaint)
})
