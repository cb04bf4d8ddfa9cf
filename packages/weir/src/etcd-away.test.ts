// APISIX ends when etcd is away at its start; Weir waits (docs/differences.md).
import { startEtcd, until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { baseConfig, startWeir } from './testing/weir-process.ts'

test.each(['start', 'control-plane'])(
  '%s begins without etcd, and serves once it is there',
  async (command) => {
    const etcd = await startEtcd()
    await etcd.kill()
    const deployment = { ...baseConfig.deployment, etcd: { host: [etcd.url], timeout: 3 } }
    const weir = await startWeir({ command, config: { deployment } })
    try {
      const routes = () => weir.request('Admin API', '/apisix/admin/routes/1')
      expect(await routes()).toMatchObject({
        status: 503,
        text: expect.stringContaining('has no healthy etcd endpoint available'),
      })
      if (command === 'start') {
        expect((await weir.request('proxy', '/')).status).toBe(404)
        expect((await weir.request('status', '/status/ready')).status).toBe(503)
      }
      await etcd.restart()
      await until(async () => (await routes()).status === 404)
      if (command === 'start') {
        await until(async () => (await weir.request('status', '/status/ready')).status === 200)
      }
    } finally {
      await weir.stop()
      await etcd.stop()
    }
  },
)
