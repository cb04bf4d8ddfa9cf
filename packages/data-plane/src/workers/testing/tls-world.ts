// A data plane that listens with TLS, and clients who shake hands with it, for tests.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { ConfigStore } from '@weir/config-store'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { parseSettings } from '@weir/contract'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { rawRequest, until } from '@weir/testkit'
import type { DataPlane } from '../data-plane.ts'
import { startDataPlane } from '../start.ts'

export interface Pem {
  readonly cert: string
  readonly key: string
}

const directory = await mkdtemp(join(tmpdir(), 'weir-tls-'))

/** A certificate for `name`, by itself or signed by `authority`; made with openssl. */
export async function certificate(
  name: string,
  options: { readonly rsa?: boolean; readonly authority?: Pem & { readonly files: string } } = {},
): Promise<Pem & { readonly files: string }> {
  const files = join(directory, randomUUID())
  const algorithm = options.rsa
    ? ['-newkey', 'rsa:2048']
    : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const { authority } = options
  const signer = authority ? ['-CA', `${authority.files}.pem`, '-CAkey', `${authority.files}.key`] : []
  const args = ['req', '-x509', '-days', '1', '-nodes', '-subj', `/CN=${name}`, ...algorithm, ...signer]
  const out = ['-keyout', `${files}.key`, '-out', `${files}.pem`]
  execFileSync('openssl', [...args, ...out], { stdio: 'pipe' })
  const [cert, key] = [await readFile(`${files}.pem`, 'utf8'), await readFile(`${files}.key`, 'utf8')]
  return { cert, key, files }
}

export interface TlsWorld {
  readonly plane: DataPlane
  readonly store: ConfigStore
  readonly log: RecordingLogger
  readonly port: number
  /** Resolves when it is in force in all threads. */
  put(key: string, document: unknown): Promise<void>
  /** Shakes hands; rejects when there is no agreement. */
  open(options: ConnectionOptions): Promise<TLSSocket>
  close(): Promise<void>
}

export async function startTlsWorld(workers = 1, ssl: object = {}): Promise<TlsWorld> {
  const home = await mkdtemp(join(tmpdir(), 'weir-tls-plane-'))
  const store = createEmbeddedStore({ path: join(home, 'weir.db') })
  const remove = async () => {
    await store.close()
    await rm(home, { recursive: true })
  }
  const anyPort = { ip: '127.0.0.1', port: 0 }
  const settings = parseSettings(
    JSON.stringify({
      apisix: { node_listen: [anyPort], control: anyPort, ssl: { listen: [anyPort], ...ssl } },
      nginx_config: { worker_processes: workers, http: { enable_access_log: false } },
      plugin_attr: { prometheus: { enable_export_server: false } },
    }),
    {},
  )
  const log = new RecordingLogger()
  const plane = await startDataPlane({
    settings,
    store,
    enabledPlugins: undefined,
    pluginModules: [],
    version: '0',
    log,
  }).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  const port = plane.addresses.find(({ tls }) => tls)?.port ?? 0
  return {
    plane,
    store,
    log,
    port,
    async put(key, document) {
      const { revision } = await store.put(key, JSON.stringify(document))
      await until(async () => {
        const path = '/v1/config'
        const config = await rawRequest({ port: plane.operatorPorts.control ?? 0, path })
        const applied: { revision: number }[] = JSON.parse(config.text).workers
        return applied.every((worker) => worker.revision >= revision)
      })
    },
    async open(options) {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
      await once(socket, 'secureConnect')
      return socket
    },
    async close() {
      await plane.close()
      await remove()
    },
  }
}

export function removeCertificates(): Promise<void> {
  return rm(directory, { recursive: true })
}

/** Asks on an open connection; resolves with the whole answer, which closes it. */
export async function ask(socket: TLSSocket, path: string, host: string, headers = ''): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
