// A real etcd for one test run, on free ports and throw-away data, with everything that can happen to one.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../process/index.ts'
import { dataRoot } from './data-root.ts'
import { createRestartable, type Restartable, startOnFreePort } from './restartable.ts'

export interface EtcdOptions {
  /** More command line, such as `--auth-token-ttl=1`. */
  readonly args?: readonly string[]
  /** Serve TLS with these files; with `ca`, clients must show a certificate signed by it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
}

export interface Etcd extends Restartable {
  /** Where clients connect: `http://127.0.0.1:PORT`, or https with `tls`. The port never changes. */
  readonly url: string
  readonly port: number
  /** Restarts with all data gone. */
  wipe(): Promise<void>
  /** Remembers the data as it is now, for `restore`. Restarts the server. */
  save(): Promise<void>
  /** Restarts with the data of the last `save`: history goes back to an older revision. */
  restore(): Promise<void>
  /** Forgets all history up to the newest revision. Neither with `tls` nor when authentication is on. */
  compact(): Promise<void>
  /** Ends the process and removes its data. */
  stop(): Promise<void>
}

export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  const directory = await mkdtemp(join(dataRoot, 'weir-etcd-'))
  try {
    return await startOnFreePort(async () => {
      const port = await freePort()
      const peerPort = await freePort()
      const healthPort = await freePort()
      return createEtcd(directory, { port, peerPort, healthPort }, options)
    })
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

interface Ports {
  readonly port: number
  readonly peerPort: number
  readonly healthPort: number
}

function createEtcd(directory: string, ports: Ports, options: EtcdOptions): Etcd {
  const data = join(directory, 'data')
  const saved = join(directory, 'saved')
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${ports.port}`
  const server = createRestartable(
    {
      command: 'etcd',
      args: commandLine(data, url, ports, options),
      ready: { url: `http://127.0.0.1:${ports.healthPort}/health` },
    },
    'Install etcd 3.4 or newer (Debian and Ubuntu: apt-get install etcd-server).',
  )

  async function restartWith(change: () => Promise<void>): Promise<void> {
    await server.kill()
    await change()
    await server.restart()
  }

  return {
    ...server,
    url,
    port: ports.port,
    wipe: () => restartWith(() => rm(data, { recursive: true, force: true })),
    save: () =>
      restartWith(async () => {
        await rm(saved, { recursive: true, force: true })
        await cp(data, saved, { recursive: true })
      }),
    restore: () =>
      restartWith(async () => {
        await rm(data, { recursive: true, force: true })
        await cp(saved, data, { recursive: true })
      }),
    compact: () => compact(url),
    async stop() {
      await server.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function commandLine(data: string, url: string, ports: Ports, options: EtcdOptions): string[] {
  const peerUrl = `http://127.0.0.1:${ports.peerPort}`
  const flags: Record<string, string> = {
    name: 'test',
    'data-dir': data,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `test=${peerUrl}`,
    // Health has its own plain port, so that waiting for it needs neither certificates nor users.
    'listen-metrics-urls': `http://127.0.0.1:${ports.healthPort}`,
    // A single member elects itself after the election timeout; the default makes every start a second longer.
    'heartbeat-interval': '20',
    'election-timeout': '200',
    logger: 'zap',
    'log-outputs': 'stderr',
  }
  const { tls } = options
  if (tls) Object.assign(flags, { 'cert-file': tls.cert, 'key-file': tls.key })
  if (tls?.ca) Object.assign(flags, { 'trusted-ca-file': tls.ca, 'client-cert-auth': 'true' })
  return [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...(options.args ?? [])]
}

/** Two calls of etcd's HTTP/JSON gateway: ask for the newest revision, compact up to it. */
async function compact(url: string): Promise<void> {
  const range = await call(url, 'range', { key: btoa('none') })
  const [, revision] = /"revision":"(\d+)"/.exec(range) ?? []
  try {
    await call(url, 'compaction', { revision, physical: true })
  } catch (error) {
    // Nothing was written since the last compaction.
    if (!(error instanceof Error && error.message.includes('has been compacted'))) throw error
  }
}

async function call(url: string, method: string, body: object): Promise<string> {
  const response = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`etcd refuses ${method}: ${text}`)
  return text
}
