// What an answer from ai-cache costs, beside the same request answered by the provider.
import { startRedis } from '@weir/testkit'
import { chatLoad, cpuPerRequest } from './cpu-rows.ts'
import { bodies, paths } from './requests.ts'
import { interleave, type Row } from './row.ts'
import { llmPlugin } from './weir.ts'

const path = '/cached-chat'

export const cacheRow: Row = {
  id: 'cache-hit',
  title: 'exact cache hit (reference: plain chat)',
  unit: 'µs CPU',
  must: { times: 0.8 },
  run: async (bench) => {
    const redis = await startRedis()
    const target = await bench.freshWeir()
    try {
      await target.admin.put('routes/cached', {
        uri: path,
        plugins: {
          ...llmPlugin(paths.chat, bench.upstreamPort),
          'ai-cache': { redis_host: redis.host, redis_port: redis.port },
        },
      })
      const loads = [chatLoad, { path, body: bodies.small }]
      for (const load of loads) await cpuPerRequest(target, bench, load, true)
      const status = await cacheStatus(target.port)
      if (status !== 'HIT') throw new Error(`the cache says ${status}`)
      const [reference = [], weir = []] = await interleave(bench.rounds, loads, (load) =>
        cpuPerRequest(target, bench, load),
      )
      return { reference, weir }
    } finally {
      await target.stop()
      await redis.stop()
    }
  },
}

async function cacheStatus(port: number): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: bodies.small,
  })
  await response.body?.cancel()
  return response.headers.get('x-ai-cache-status')
}
