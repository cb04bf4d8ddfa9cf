// The gateway, started as a user starts it, with the routes of the bench put through its Admin API.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startProcess } from '@weir/testkit'
import { type AdminApi, createAdminApi } from '../admin-api.ts'
import { consumerKey, paths } from './requests.ts'
import { type Target, toTarget } from './target.ts'

const main = join(import.meta.dirname, '../../packages/weir/src/main.js')
const adminKey = 'bench-admin-key-000000000000'

export interface WeirTarget extends Target {
  readonly admin: AdminApi
}

export async function startWeir(directory: string, upstreamPort: number): Promise<WeirTarget> {
  const home = join(directory, `weir-${await freePort()}`)
  await mkdir(home, { recursive: true })
  const [port, adminPort, statusPort, controlPort, metricsPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  const config = join(home, 'config.yaml')
  await writeFile(
    config,
    JSON.stringify({
      deployment: {
        role: 'traditional',
        admin: {
          admin_listen: { ip: '127.0.0.1', port: adminPort },
          admin_key: [{ name: 'admin', key: adminKey, role: 'admin' }],
        },
      },
      apisix: {
        node_listen: [{ ip: '127.0.0.1', port }],
        ssl: { listen: [{ ip: '127.0.0.1', port: 0 }] },
        control: { ip: '127.0.0.1', port: controlPort },
        status: { ip: '127.0.0.1', port: statusPort },
      },
      nginx_config: { worker_processes: 1 },
      plugin_attr: { prometheus: { export_addr: { ip: '127.0.0.1', port: metricsPort } } },
      weir: {
        store: 'embedded',
        embedded: { path: join(home, 'weir.db') },
        access_log: { path: join(home, 'access.log') },
      },
    }),
  )
  const running = await startProcess({
    command: process.execPath,
    args: [main, 'start', '-c', config],
    ready: { url: `http://127.0.0.1:${statusPort}/status/ready` },
  })
  const admin = createAdminApi(`http://127.0.0.1:${adminPort}`, adminKey)
  await putRoutes(admin, upstreamPort)
  return { ...toTarget('weir', port, running), admin }
}

const quota = { limit: 2_000_000_000, time_window: 3600 }

async function putRoutes(admin: AdminApi, upstreamPort: number): Promise<void> {
  for (const [name, path] of Object.entries(paths)) {
    await admin.put(`routes/${name}`, {
      uri: path,
      plugins: {
        ...llmPlugin(path, upstreamPort),
        ...(name === 'quotas' && {
          'key-auth': {},
          'ai-rate-limiting': {
            instances: [{ name: 'preferred', ...quota }],
            limit_strategy: 'total_tokens',
            rejected_code: 429,
          },
        }),
      },
    })
  }
  await admin.put('consumers/bench', {
    username: 'bench',
    plugins: {
      'key-auth': { key: consumerKey },
      'ai-consumer-rate-limiting': {
        instances: [{ name: 'preferred', limit_strategy: 'total_tokens', ...quota }],
        rejected_code: 429,
      },
    },
  })
}

/** ai-proxy-multi with two instances, of which the second is never needed. */
export function llmPlugin(path: string, upstreamPort: number) {
  const instances = [instance('preferred', 1, path, upstreamPort), instance('spare', 0, path, upstreamPort)]
  return { 'ai-proxy-multi': { timeout: 600_000, instances } }
}

function instance(name: string, priority: number, path: string, upstreamPort: number) {
  return {
    name,
    priority,
    weight: 100,
    provider: 'openai-compatible',
    auth: { header: { Authorization: 'Bearer bench' } },
    options: { model: 'bench-model' },
    override: { endpoint: `http://127.0.0.1:${upstreamPort}${path}` },
  }
}
