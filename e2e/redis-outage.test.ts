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
  const ways = {
    strict: { allow_degradation: false },
    lenient: { allow_degradation: true },
    // A slice of 5 % is three answers, for each of two workers.
    leased: { degradation: 'lease', limit: 900 },
  }
  for (const [id, way] of Object.entries(ways)) {
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
          ...way,
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

/** What requests under way and slices hold. */
async function reserved(path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${weir.controlPort}/v1/quotas`)
  const { quotas } = (await response.json()) as { quotas: { resource: string; reserved: number }[] }
  return quotas.find(({ resource }) => resource === `/apisix/routes${path}`)?.reserved ?? 0
}

/** How many of the workers' connections to Redis the metrics say are down. */
async function down(): Promise<number> {
  const page = await weir.metrics()
  const lines = page.split('\n').filter((line) => /counter_store_connections\{.*state="down"/.test(line))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

test('a quota holds over the workers of a node', async () => {
  // 15 tokens an answer: two use the 30 up.
  expect([(await call('/strict')).status, (await call('/strict')).status]).toEqual([200, 200])
  for (let count = 0; count < 10; count++) expect((await call('/strict')).status).toBe(503)
})

test.each(['killed', 'frozen'])('Redis %s: refused or let through, as configured, and soon', async (how) => {
  // Both workers take their slices with their first requests.
  for (let count = 0; count < 8; count++) expect((await call('/leased')).status).toBe(200)
  await until(async () => (await reserved('/leased')) > 0, { what: 'a slice' })
  await (how === 'killed' ? redis.kill() : redis.freeze())
  const started = performance.now()
  const strict = await call('/strict')
  expect(strict.status).toBe(500)
  expect(await strict.json()).toEqual({ error_msg: 'failed to limit count' })
  expect((await call('/lenient')).status).toBe(200)
  expect(performance.now() - started).toBeLessThan(5 * timeoutMs)
  const leased = []
  for (let count = 0; count < 10; count++) leased.push((await call('/leased')).status)
  const served = leased.filter((status) => status === 200).length
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThanOrEqual(2 * 3)
  expect(await down()).toBeGreaterThan(0)
  await (how === 'killed' ? redis.restart() : redis.thaw())
  await until(async () => [200, 503].includes((await call('/strict')).status))
  await until(async () => (await down()) === 0, { what: 'all connections to be up' })
  await until(async () => (await call('/leased')).status === 200)
})
