// What the main thread and a worker thread say to each other. Configuration travels as the store's own text.
import type { MessagePort } from 'node:worker_threads'
import type { StoreChange } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import type { Alert, MetricsSnapshot } from '@weir/telemetry'
import type { ListenAddress } from '../server/index.ts'
import type { Applied } from './serving.ts'

/** What every worker of a process is given alike. */
export interface WorkerSetup {
  readonly settings: Settings
  readonly prefix: string
  readonly pluginModules: readonly string[]
  readonly enabledPlugins: readonly string[] | undefined
  readonly counters: SharedArrayBuffer
  readonly ticketSeed: Uint8Array | undefined
}

/** Given to a worker thread when it starts. */
export interface WorkerStart extends WorkerSetup {
  /** Counts from 0, the same after a restart. */
  readonly index: number
  readonly addresses: readonly ListenAddress[]
  readonly health: { readonly port: MessagePort; readonly shared: SharedArrayBuffer }
  /** Its way to the registry of secrets. */
  readonly secrets: MessagePort
}

export type ToWorker =
  | { readonly kind: 'apply'; readonly changes: readonly StoreChange[]; readonly revision: number }
  | { readonly kind: 'listen' }
  | { readonly kind: 'plugins'; readonly enabled: readonly string[] | undefined }
  | { readonly kind: 'collect' }
  | { readonly kind: 'collect-garbage' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'drain'; readonly timeoutMs: number }
  | { readonly kind: 'cut' }

export type FromWorker =
  | ({ readonly kind: 'applied' } & Applied)
  | { readonly kind: 'listening'; readonly addresses: readonly ListenAddress[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'alert'; readonly alert: Alert; readonly sinceMs: number | undefined }
  | { readonly kind: 'metrics'; readonly snapshot: MetricsSnapshot }
  | { readonly kind: 'drained'; readonly cut: number }
