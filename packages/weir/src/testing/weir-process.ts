// The executable in a process of its own, on ports that the system chooses.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawRequest, type RawResponse, type RunningProcess, startProcess } from '@weir/testkit'

export interface WeirProcess {
  readonly process: RunningProcess
  readonly directory: string
  readonly configFile: string
  /** A request to one of its servers; `key` stands for the admin key. */
  request(server: ServerName, path: string, options?: RequestOptions): Promise<RawResponse>
  port(server: ServerName): number
  stop(): Promise<void>
}

type ServerName = 'proxy' | 'Admin API' | 'metrics' | 'control API' | 'status'

interface RequestOptions {
  readonly method?: string
  readonly body?: unknown
}

export interface WeirProcessOptions {
  readonly command?: string
  /** Replaces sections of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly directory?: string
}

const main = join(import.meta.dirname, '../main.js')
const anyPort = { ip: '127.0.0.1', port: 0 }

export const baseConfig = {
  apisix: { node_listen: [anyPort], ssl: { enable: false }, control: anyPort, status: anyPort },
  deployment: { role: 'traditional', admin: { admin_listen: anyPort } },
  nginx_config: { worker_processes: 1 },
  plugin_attr: { prometheus: { export_addr: anyPort } },
}

/** Starts it and waits for its summary. Rejects with its output when it ends instead. */
export async function startWeir(options: WeirProcessOptions = {}): Promise<WeirProcess> {
  const { command = 'start', config = {} } = options
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'weir-process-')))
  const configFile = join(directory, 'config.yaml')
  await writeFile(configFile, JSON.stringify({ ...baseConfig, ...config }))
  const process = await runWeir(
    [command, '-c', configFile],
    directory,
    /is running as [^]*(Admin API|status)/,
  )
  const port = (server: ServerName) => {
    const match = new RegExp(`^ +${server} +http://[^:]+:(\\d+)`, 'm').exec(process.stdout)
    if (!match) throw new Error(`no ${server} in:\n${process.stdout}`)
    return Number(match[1])
  }
  return {
    process,
    directory,
    configFile,
    port,
    async request(server, path, { method = 'GET', body } = {}) {
      const key =
        server === 'Admin API' ? (await readFile(join(directory, '.weir/admin.key'), 'utf8')).trim() : ''
      return rawRequest({
        port: port(server),
        path,
        method,
        headers: { 'X-API-KEY': key },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    },
    async stop() {
      await process.stop()
      if (options.directory === undefined) await rm(directory, { recursive: true })
    },
  }
}

/** Runs it with these arguments; with `output`, waits until it has said so. */
export function runWeir(args: readonly string[], cwd: string, output?: RegExp): Promise<RunningProcess> {
  return startProcess({
    command: process.execPath,
    args: [main, ...args],
    cwd,
    ...(output && { ready: { output } }),
  })
}
