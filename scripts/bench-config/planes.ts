// Both planes as processes of their own that share an etcd, each with the probe of its event loop.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startProcess, type RunningProcess } from '@weir/testkit'
import { probeArgs } from './stalls.ts'

const main = join(import.meta.dirname, '../../packages/weir/src/main.js')

export const adminKey = 'bench-admin-key-000000000000'
const START_MS_MAX = 120_000

export interface Plane {
  readonly process: RunningProcess
  readonly port: number
  /** From the start of the process until it is ready. */
  readonly startMs: number
}

export async function startControlPlane(etcdUrl: string, home: string): Promise<Plane> {
  const port = await freePort()
  const settings = {
    deployment: {
      role: 'control_plane',
      role_control_plane: { config_provider: 'etcd' },
      etcd: { host: [etcdUrl], prefix: '/apisix' },
      admin: {
        admin_listen: { ip: '127.0.0.1', port },
        admin_key: [{ name: 'admin', key: adminKey, role: 'admin' }],
      },
    },
  }
  const firstPage = `apisix/admin/routes?page=1&page_size=10&api_key=${adminKey}`
  return start('control-plane', settings, port, `http://127.0.0.1:${port}/${firstPage}`, home)
}

export async function startDataPlane(etcdUrl: string, home: string): Promise<Plane> {
  const [port = 0, status, metrics, control] = await Promise.all(Array.from({ length: 4 }, () => freePort()))
  const settings = {
    deployment: {
      role: 'data_plane',
      role_data_plane: { config_provider: 'etcd' },
      etcd: { host: [etcdUrl], prefix: '/apisix' },
    },
    apisix: {
      node_listen: [{ ip: '127.0.0.1', port }],
      ssl: { enable: false },
      control: { ip: '127.0.0.1', port: control },
      status: { ip: '127.0.0.1', port: status },
    },
    nginx_config: { worker_processes: 1 },
    plugin_attr: { prometheus: { export_addr: { ip: '127.0.0.1', port: metrics } } },
    weir: { access_log: { path: join(home, 'access.log') } },
  }
  return start('data-plane', settings, port, `http://127.0.0.1:${status}/status/ready`, home)
}

async function start(
  role: string,
  settings: object,
  port: number,
  ready: string,
  home: string,
): Promise<Plane> {
  const config = join(home, `${role}.yaml`)
  await writeFile(config, JSON.stringify(settings))
  const startedAtMs = performance.now()
  const running = await startProcess({
    command: process.execPath,
    args: [...probeArgs, main, role, '-c', config],
    env: { LOOP_PROBE_DIR: home },
    ready: { url: ready, timeoutMs: START_MS_MAX },
  })
  return { process: running, port, startMs: performance.now() - startedAtMs }
}
