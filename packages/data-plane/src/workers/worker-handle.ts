// One worker thread from the main thread's side: its messages, its share of the health checks, its end.
import { MessageChannel, Worker } from 'node:worker_threads'
import type { SecretRegistry } from '@weir/secrets'
import type { HealthRegistry } from '@weir/upstream'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'

export interface WorkerHandle {
  post(message: ToWorker): void
  end(): Promise<void>
}

export interface WorkerEvents {
  message(message: FromWorker): void
  /** An error that nobody caught in the worker; `gone` follows. */
  failed(reason: string): void
  gone(code: number): void
}

export function startWorker(
  start: Omit<WorkerStart, 'health' | 'secrets'>,
  health: HealthRegistry,
  secrets: SecretRegistry,
  events: WorkerEvents,
): WorkerHandle {
  const { port1, port2 } = new MessageChannel()
  const secretPorts = new MessageChannel()
  const workerData: WorkerStart = {
    ...start,
    health: { port: port2, shared: health.shared },
    secrets: secretPorts.port2,
  }
  const worker = new Worker(new URL('worker-thread.ts', import.meta.url), {
    workerData,
    transferList: [port2, secretPorts.port2],
    name: `weir-worker-${start.index}`,
  })
  const unserve = health.serve(port1)
  const unserveSecrets = secrets.serve(secretPorts.port1)
  worker.on('message', (message: FromWorker) => events.message(message))
  worker.on('error', (error: unknown) => {
    events.failed(error instanceof Error ? (error.stack ?? error.message) : String(error))
  })
  worker.once('exit', (code) => {
    unserve()
    port1.close()
    unserveSecrets()
    secretPorts.port1.close()
    events.gone(code)
  })
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
    post: (message) => worker.postMessage(message),
    end: async () => {
      await worker.terminate()
    },
  }
}
