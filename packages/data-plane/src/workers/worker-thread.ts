// The entry of a worker thread.
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger, createMetrics } from '@weir/telemetry'
import { linkThrough } from '@weir/secrets'
import { createHealthClient } from '@weir/upstream'
import { collectGarbage } from './collect-garbage.ts'
import { metricsShape } from './metrics-shape.ts'
import { writeTraffic } from './node-metrics.ts'
import { createServing } from './create-serving.ts'
import { reportStrayRejections } from './stray-rejections.ts'
import { trustCertificates } from '@weir/upstream/trusted-certificates'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'

if (!parentPort) throw new Error('this module runs in a worker thread')
const main = parentPort
// The pool starts this module with nothing else.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const start = workerData as WorkerStart
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
const say = (message: FromWorker) => main.postMessage(message)

const metrics = createMetrics({ shape: metricsShape(start.settings) })
const health = createHealthClient(start.health.port, start.health.shared)
const log = createLogger({ level: 'info', fields: { worker: start.index } })
reportStrayRejections(log)
trustCertificates(start.settings.apisix.ssl.ssl_trusted_certificate)
const thread = await createServing({
  ...start,
  log,
  metrics,
  alerts: { raise: (alert, sinceMs) => say({ kind: 'alert', alert, sinceMs }) },
  health: (wanted) => health.acquire(wanted),
  secrets: linkThrough(start.secrets),
  onApplied: tellApplied,
})
const { serving, accessLog } = thread

main.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'apply':
      serving.apply(message.changes, message.revision)
      break
    case 'plugins':
      serving.enablePlugins(message.enabled)
      tellApplied()
      break
    case 'listen':
      void listen()
      break
    case 'collect':
      writeTraffic(metrics, serving.traffic)
      say({ kind: 'metrics', snapshot: metrics.snapshot() })
      break
    case 'collect-garbage':
      collectGarbage()
      break
    case 'reopen':
      accessLog?.reopen()
      break
    case 'drain':
      void drain(message.timeoutMs)
      break
    case 'cut':
      serving.cut()
      break
  }
})

function tellApplied(): void {
  say({ kind: 'applied', ...serving.applied })
}

async function listen(): Promise<void> {
  try {
    say({ kind: 'listening', addresses: await serving.listen(start.addresses, true) })
  } catch (error) {
    say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
  }
}

async function drain(timeoutMs: number): Promise<void> {
  const cut = await serving.drain(timeoutMs)
  await thread.close()
  say({ kind: 'drained', cut })
}
