// Weir as a user runs it: the executable with a config.yaml of its own, and its Admin API.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type ProcessExit, type RunningProcess, startProcess } from '@weir/testkit'

const root = join(import.meta.dirname, '../..')

export const adminKey = 'test-admin-key-of-32-characters-'
export const viewerKey = 'test-viewer-key-of-32-characters'

export interface WeirOptions {
  /** Default start: both planes. */
  readonly role?: 'start' | 'control-plane' | 'data-plane'
  /** Without it the embedded store is used. */
  readonly etcd?: { readonly url: string; readonly prefix?: string } | undefined
  /** Worker threads, default 1. */
  readonly workers?: number
  /** Members of `weir:`. */
  readonly weir?: Readonly<Record<string, unknown>>
  readonly nginxConfig?: Readonly<Record<string, unknown>>
  /** Members of `deployment:`, in place of the usual role and keys. */
  readonly deployment?: Readonly<Record<string, unknown>> & { readonly admin?: object }
  /** Further members of `apisix:`. */
  readonly apisix?: Readonly<Record<string, unknown>>
  readonly plugins?: readonly string[]
  /** Files beside config.yaml that are there at the start. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** False: returns as soon as the process runs, ready or not. */
  readonly awaitReady?: boolean
}

export interface Weir {
  readonly proxyPort: number
  readonly adminPort: number
  readonly controlPort: number
  readonly statusPort: number
  readonly metricsPort: number
  readonly proxyUrl: string
  readonly process: RunningProcess
  readonly directory: string
  readonly accessLog: string
  /** A call of the Admin API, below /apisix/admin. */
  admin(method: string, path: string, body?: unknown): Promise<AdminAnswer>
  /** PUT that must succeed. */
  put(path: string, body: unknown): Promise<void>
  metrics(): Promise<string>
  status(path?: string): Promise<number>
  /** Ends it and removes its files. */
  stop(): Promise<ProcessExit>
}

interface AdminAnswer {
  readonly status: number
  readonly body: unknown
}

/** Starts one process of Weir on ports of its own. JSON is YAML, so the configuration is written as JSON. */
export async function startWeir(options: WeirOptions = {}): Promise<Weir> {
  const { role = 'start', etcd, workers = 1, awaitReady = true } = options
  const directory = await mkdtemp(join(tmpdir(), 'weir-e2e-'))
  const [proxyPort, adminPort, controlPort, statusPort, metricsPort] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  )
  const accessLog = join(directory, 'access.log')
  const config = {
    apisix: {
      node_listen: [{ ip: '127.0.0.1', port: proxyPort }],
      control: { ip: '127.0.0.1', port: controlPort },
      status: { ip: '127.0.0.1', port: statusPort },
      ssl: { enable: false },
      ...options.apisix,
    },
    deployment: {
      role: { start: 'traditional', 'control-plane': 'control_plane', 'data-plane': 'data_plane' }[role],
      ...(etcd && { etcd: { host: [etcd.url], prefix: etcd.prefix ?? '/apisix' } }),
      ...options.deployment,
      admin: {
        admin_listen: { ip: '127.0.0.1', port: adminPort },
        admin_key: [
          { name: 'admin', key: adminKey, role: 'admin' },
          { name: 'viewer', key: viewerKey, role: 'viewer' },
        ],
        ...options.deployment?.admin,
      },
    },
    ...(options.plugins && { plugins: options.plugins }),
    nginx_config: { worker_processes: workers, ...options.nginxConfig },
    plugin_attr: { prometheus: { export_addr: { ip: '127.0.0.1', port: metricsPort } } },
    weir: {
      ...(etcd ? {} : { store: 'embedded', embedded: { path: join(directory, 'weir.db') } }),
      access_log: { path: accessLog },
      ...options.weir,
    },
  }
  for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(directory, name), text)
  const file = join(directory, 'config.yaml')
  await writeFile(file, JSON.stringify(config, undefined, 2))
  const ready =
    role === 'control-plane'
      ? { url: url(adminPort, '/apisix/admin/routes'), accepts: (status: number) => status === 401 }
      : {
          url: url(statusPort, '/status/ready'),
          ...(awaitReady ? {} : { accepts: (status: number) => status > 0 }),
        }
  const process = await startProcess({
    command: join(root, 'node_modules/.bin/node'),
    args: [join(root, 'packages/weir/src/main.js'), role, '-c', file],
    cwd: directory,
    ...(options.env && { env: options.env }),
    ready,
  })

  async function admin(method: string, path: string, body?: unknown): Promise<AdminAnswer> {
    const response = await fetch(url(adminPort, `/apisix/admin/${path}`), {
      method,
      headers: { 'X-API-KEY': adminKey },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: parse(text) }
  }

  return {
    proxyPort: proxyPort ?? 0,
    adminPort: adminPort ?? 0,
    controlPort: controlPort ?? 0,
    statusPort: statusPort ?? 0,
    metricsPort: metricsPort ?? 0,
    proxyUrl: url(proxyPort),
    process,
    directory,
    accessLog,
    admin,
    async put(path, body) {
      const answer = await admin('PUT', path, body)
      if (answer.status > 201) throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    },
    metrics: async () => (await fetch(url(metricsPort, '/apisix/prometheus/metrics'))).text(),
    status: async (path = '/status/ready') => (await fetch(url(statusPort, path))).status,
    async stop() {
      const exit = await process.stop()
      await rm(directory, { recursive: true, force: true })
      return exit
    },
  }
}

function url(port: number | undefined, path = ''): string {
  return `http://127.0.0.1:${port}${path}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
