// The control API of a control plane: what is used of quotas that nodes share. All else is told by data planes.
import type { ConfigStore } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import type { AnyPlugin } from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import { notFoundPage, startLocalServer } from '../server/index.ts'
import { resetQuotas, showQuotas } from './control/quotas.ts'
import { QuotaBooks } from './quota-books.ts'

export interface QuotaServerOptions {
  readonly settings: Settings
  readonly store: ConfigStore
  readonly plugins: readonly AnyPlugin[]
  readonly log: Logger
}

export interface QuotaServer {
  readonly port: number
  close(): void
}

/** Undefined when its port is taken, as by a data plane on the same machine: a control plane does without it. */
export async function startQuotaServer(options: QuotaServerOptions): Promise<QuotaServer | undefined> {
  const { settings, store, plugins, log } = options
  const { control } = settings.apisix
  const books = new QuotaBooks({
    prefix: store.prefix,
    settings,
    plugins,
    counters: undefined,
    entries: async () => (await store.list('/')).entries,
  })
  try {
    const server = await startLocalServer(control, (request) => {
      if (request.path !== '/v1/quotas') return notFoundPage
      if (request.method === 'DELETE') return resetQuotas(books, request)
      return request.method === 'GET' ? showQuotas(books, request) : notFoundPage
    })
    return {
      port: server.address.port,
      close() {
        server.close()
        books.close()
      },
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.warn('the control API cannot be had', { address: control.ip, port: control.port, reason })
    return undefined
  }
}
