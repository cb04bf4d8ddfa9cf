// A control plane for one test: on a free port, with known keys, over whatever store the test brings.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigStore } from '@weir/config-store'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { parseSettings } from '@weir/contract'
import { rawRequest, type RawResponse } from '@weir/testkit'
import type { Logger } from '@weir/telemetry'
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../index.ts'

export const adminKey = 'an-admin-key-for-tests'
export const viewerKey = 'a-viewer-key-for-tests'

export const testSettings = `
deployment:
  admin:
    admin_key:
      - {name: admin, key: ${adminKey}, role: admin}
      - {name: viewer, key: ${viewerKey}, role: viewer}
    admin_listen: {ip: 127.0.0.1, port: 0}
`

/** Documents may name plugins that this build does not run: for tests that are about documents. */
export const acceptingSettings = `${testSettings}
weir: {unsupported_plugins: {mode: accept}}
`

const quietLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export interface TestStore {
  readonly store: ConfigStore
  close(): Promise<void>
}

export function openEmbedded(): TestStore {
  const directory = mkdtempSync(join(tmpdir(), 'weir-control-plane-'))
  const store = createEmbeddedStore({ path: join(directory, 'weir.db') })
  return {
    store,
    async close() {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

interface Call {
  readonly method?: string
  /** After `/apisix/admin`. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer extends RawResponse {
  /** The body, parsed; undefined when it is no JSON. */
  readonly json: unknown
}

export interface TestPlane extends ControlPlane {
  readonly port: number
  readonly store: ConfigStore
  /** With the admin key, unless `headers` has one. A body that is no text is sent as JSON. */
  call(call: Call): Promise<Answer>
  get(path: string): Promise<Answer>
  put(path: string, body: unknown): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
  patch(path: string, body: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
}

type TestOptions = Partial<ControlPlaneOptions> & { readonly config?: string }

/** Uses an embedded store of its own, unless it is given one. */
export async function startTestPlane({
  config = testSettings,
  ...options
}: TestOptions = {}): Promise<TestPlane> {
  const own = options.store === undefined ? openEmbedded() : undefined
  const store = options.store ?? own?.store
  if (store === undefined) throw new Error('a test plane needs a store')
  const plane = await startControlPlane({
    settings: parseSettings(config, {}),
    plugins: [],
    log: quietLog,
    keyFile: join(tmpdir(), 'weir-test-key-that-is-never-made'),
    product: 'Weir/test',
    ...options,
    store,
  })
  const { port } = plane.address
  const call = async ({ method = 'GET', path, body, headers = {} }: Call): Promise<Answer> => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await rawRequest({
      port,
      method,
      path: `/apisix/admin${path}`,
      headers: { 'X-API-KEY': adminKey, ...headers },
      ...(text === undefined ? {} : { body: text }),
    })
    return { ...response, json: parsed(response.text) }
  }
  return {
    ...plane,
    port,
    store,
    call,
    get: (path) => call({ path }),
    put: (path, body) => call({ method: 'PUT', path, body }),
    post: (path, body) => call({ method: 'POST', path, body }),
    patch: (path, body) => call({ method: 'PATCH', path, body }),
    delete: (path) => call({ method: 'DELETE', path }),
    async close() {
      await plane.close()
      await own?.close()
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
