// Redis killed and back, with quotas counted in it.
import { type LlmServer, type Redis, startLlmServer, startRedis, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

/** For each answer of Redis. */
const timeoutMs = 1000

let weir: Weir
let redis: Redis
let model: LlmServer

beforeAll(async () => {
  redis = await startRedis()
  model = await startLlmServer()
  weir = await startWeir({ workers: 2 })
  for (const [id, degrade] of Object.entries({ strict: false, lenient: true })) {
    await weir.put(`routes/${id}`, {
      uri: `/${id}`,
      plugins: {
        'ai-proxy': { provider: 'openai-compatible', auth: {}, override: { endpoint: model.url } },
        'ai-rate-limiting': {
          limit: 30,
          time_window: 3600,
          policy: 'redis',
          redis_host: redis.host,
          redis_port: redis.port,
          redis_timeout: timeoutMs,
          allow_degradation: degrade,
        },
      },
    })
    await untilRouted(`${weir.proxyUrl}/${id}`)
  }
})
afterAll(async () => {
  await weir.stop()
  await Promise.all([redis.stop(), model.close()])
})

const call = (path: string) => chat(`${weir.proxyUrl}${path}`, 'hi', { body: { max_tokens: 5 } })

test('a quota holds over the workers of a node', async () => {
  // 15 tokens an answer: two use the 30 up.
  expect([(await call('/strict')).status, (await call('/strict')).status]).toEqual([200, 200])
  for (let count = 0; count < 10; count++) expect((await call('/strict')).status).toBe(503)
})

test.each(['killed', 'frozen'])('Redis %s: refused or let through, as configured, and soon', async (how) => {
  await (how === 'killed' ? redis.kill() : redis.freeze())
  const started = performance.now()
  const strict = await call('/strict')
  expect(strict.status).toBe(500)
  expect(await strict.json()).toEqual({ error_msg: 'failed to limit count' })
  expect((await call('/lenient')).status).toBe(200)
  expect(performance.now() - started).toBeLessThan(5 * timeoutMs)
  await (how === 'killed' ? redis.restart() : redis.thaw())
  await until(async () => [200, 503].includes((await call('/strict')).status))
})
