// A worker's way to the checkers of the main thread: it asks by message and reads verdicts from shared memory.
import type { FromWorker, HealthPort, ToWorker } from './messages.ts'
import type { HealthEvent } from './state-machine.ts'
import { VerdictReader } from './verdict-table.ts'
import { VerdictView } from './verdict-view.ts'
import type { HealthView, HealthWanted } from './view.ts'

export interface HealthClient {
  acquire(wanted: HealthWanted): HealthView
}

/** `port`: the other end of what HealthRegistry.serve was given. `shared`: the registry's. */
export function createHealthClient(
  port: HealthPort<FromWorker, ToWorker>,
  shared: SharedArrayBuffer,
): HealthClient {
  const reader = new VerdictReader(shared)
  const views = new Map<number, VerdictView>()
  let lastId = 0
  port.on('message', ({ id, placement }) => views.get(id)?.place(placement))

  return {
    acquire(wanted) {
      const id = ++lastId
      const owner = {
        report: (index: number, event: HealthEvent, limit: number) =>
          port.postMessage({ kind: 'report', id, index, event, limit }),
        release: () => {
          views.delete(id)
          port.postMessage({ kind: 'release', id })
        },
      }
      const view = new VerdictView(reader, wanted, owner)
      views.set(id, view)
      port.postMessage({ kind: 'acquire', id, wanted })
      return view
    },
  }
}
