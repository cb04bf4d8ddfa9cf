import { createEtcdStore } from '@weir/config-store/etcd'
import { isJsonObject } from '@weir/contract'
import { startEtcd, until } from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { baseConfig, startWeir } from './testing/weir-process.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function startWith(command: string, plugins: readonly string[]) {
  const etcd = await startEtcd()
  cleanups.push(() => etcd.stop())
  const store = createEtcdStore({ host: [etcd.url], prefix: '/here' })
  cleanups.push(() => store.close())
  const weir = await startWeir({
    command,
    config: {
      apisix: { ...baseConfig.apisix, id: 'gateway-1' },
      deployment: { ...baseConfig.deployment, etcd: { host: [etcd.url], prefix: '/here' } },
      plugin_attr: { ...baseConfig.plugin_attr, 'server-info': { report_ttl: 3 } },
      plugins,
    },
  })
  cleanups.push(() => weir.stop())
  return { etcd, weir, read: async () => (await store.get('/data_plane/server_info/gateway-1')).entry }
}

test.each(['start', 'control-plane'])('%s tells who it is, as long as it runs', async (command) => {
  const { weir, read } = await startWith(command, ['key-auth', 'server-info'])
  await until(async () => (await read())?.value.includes('"etcd_version":"3.'))
  const info: unknown = JSON.parse((await read())?.value ?? '')
  expect(isJsonObject(info) && Object.keys(info)).toEqual([
    'id',
    'hostname',
    'version',
    'boot_time',
    'etcd_version',
  ])
  expect(info).toMatchObject({ id: 'gateway-1', version: '3.18.0', boot_time: expect.any(Number) })
  await weir.process.stop()
  await until(async () => !(await read()))
})

test('a data plane writes nothing of the kind, nor does who was not asked to', async () => {
  for (const [command, plugins] of [
    ['data-plane', ['server-info']],
    ['start', ['key-auth']],
  ] as const) {
    const { read, weir } = await startWith(command, plugins)
    await until(async () => (await weir.request('status', '/status/ready')).status === 200)
    expect(await read()).toBeUndefined()
  }
})
