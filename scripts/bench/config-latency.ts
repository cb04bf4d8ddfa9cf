// Time from the Admin API's answer to a PUT until a data plane acts on it, both being processes that share an etcd.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startEtcd, startProcess } from '@weir/testkit'
import { createAdminApi } from '../admin-api.ts'
import { putMany } from './cpu-rows.ts'
import { createCaller } from './latency.ts'
import { median, quantile } from './numbers.ts'
import type { Bench, Row } from './row.ts'

const main = join(import.meta.dirname, '../../packages/weir/src/main.js')
const adminKey = 'bench-admin-key-000000000000'
const p99MsMax = 100

async function measure(bench: Bench, routes: number, changes: number): Promise<number[]> {
  const etcd = await startEtcd()
  const home = join(bench.directory, 'config-latency')
  await mkdir(home, { recursive: true })
  const start = async (role: string, settings: object, ready: string) => {
    const config = join(home, `${role}.yaml`)
    await writeFile(config, JSON.stringify(settings))
    const args = [main, role.replace('_', '-'), '-c', config]
    return startProcess({
      command: process.execPath,
      args,
      ready: { url: ready },
    })
  }
  const [adminPort, proxyPort, statusPort, metricsPort, controlPort] = await Promise.all(
    Array.from({ length: 5 }, () => freePort()),
  )
  const store = { host: [etcd.url], prefix: '/apisix' }
  const stops: (() => Promise<unknown>)[] = [() => etcd.stop()]
  try {
    const controlPlane = await start(
      'control_plane',
      {
        deployment: {
          role: 'control_plane',
          role_control_plane: { config_provider: 'etcd' },
          etcd: store,
          admin: {
            admin_listen: { ip: '127.0.0.1', port: adminPort },
            admin_key: [{ name: 'admin', key: adminKey, role: 'admin' }],
          },
        },
      },
      `http://127.0.0.1:${adminPort}/apisix/admin/routes?api_key=${adminKey}`,
    )
    stops.unshift(() => controlPlane.stop())
    const admin = createAdminApi(`http://127.0.0.1:${adminPort}`, adminKey)
    const upstream = { type: 'roundrobin', nodes: { [`127.0.0.1:${bench.upstreamPort}`]: 1 } }
    await putMany(routes, (i) => admin.put(`routes/r${i}`, { uri: `/tenant/${i}`, upstream }))
    const dataPlane = await start(
      'data_plane',
      {
        deployment: { role: 'data_plane', role_data_plane: { config_provider: 'etcd' }, etcd: store },
        apisix: {
          node_listen: [{ ip: '127.0.0.1', port: proxyPort }],
          ssl: { enable: false },
          control: { ip: '127.0.0.1', port: controlPort },
          status: { ip: '127.0.0.1', port: statusPort },
        },
        nginx_config: { worker_processes: 1 },
        plugin_attr: { prometheus: { export_addr: { ip: '127.0.0.1', port: metricsPort } } },
        weir: { access_log: { path: join(home, 'access.log') } },
      },
      `http://127.0.0.1:${statusPort}/status/ready`,
    )
    stops.unshift(() => dataPlane.stop())

    const caller = createCaller(proxyPort ?? 0)
    const times: number[] = []
    try {
      for (let change = 0; change < changes; change++) {
        await admin.put('routes/probe', { uri: `/probe/${change}`, upstream })
        const answeredAtMs = performance.now()
        // 404 until the data plane has the route; each answer takes a fraction of a millisecond.
        while (!(await isServed(caller, `/probe/${change}`))) {
          if (performance.now() - answeredAtMs > 10_000)
            throw new Error('a change did not arrive within 10 s')
        }
        times.push(performance.now() - answeredAtMs)
      }
    } finally {
      caller.close()
    }
    return times
  } finally {
    for (const stop of stops) await stop()
  }
}

async function isServed(caller: ReturnType<typeof createCaller>, path: string): Promise<boolean> {
  try {
    await caller.call(path, '{}')
    return true
  } catch {
    return false
  }
}

export const configLatency: Row = {
  id: 'config-latency',
  title: "from a PUT's answer to its effect through etcd, 10,000 routes present, median",
  unit: 'ms',
  must: { atMost: 20 },
  run: async (bench) => {
    const times = await measure(bench, bench.quick ? 1000 : 10_000, bench.quick ? 50 : 300)
    const p99 = quantile(times, 0.99)
    const note = `median ${median(times).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (must ${p99MsMax} ms) of ${times.length}`
    return { weir: p99 <= p99MsMax ? times : [Number.NaN], note }
  },
}
