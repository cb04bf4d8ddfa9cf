// One server of a test run that is killed, frozen and started again, always with the same command line.
import { type ProcessOptions, type RunningProcess, startProcess } from '../process/index.ts'

export interface Restartable {
  /** Kills it first if it runs; returns when it is ready. Rejects with a plain sentence if it is not installed. */
  restart(): Promise<void>
  /** SIGKILL, like a power cut; returns when the process is gone. */
  kill(): Promise<void>
  /** Connections stay open, nothing is answered any more. */
  freeze(): Promise<void>
  thaw(): void
}

/** `installHint` says what to do when the program is missing, as a sentence. */
export function createRestartable(options: ProcessOptions, installHint: string): Restartable {
  let running: RunningProcess | undefined

  async function kill(): Promise<void> {
    await running?.stop({ signal: 'SIGKILL' })
    running = undefined
  }

  return {
    async restart() {
      await kill()
      try {
        running = await startProcess(options)
      } catch (error) {
        const missing = error instanceof Error && error.message.includes('ENOENT')
        throw missing ? new Error(`${options.command} is not installed. ${installHint}`) : error
      }
    },
    kill,
    freeze: async () => running?.freeze(),
    thaw: () => running?.signal('SIGCONT'),
  }
}

const START_ATTEMPTS_MAX = 3

/** Starts what `create` makes, anew when somebody took its port between the look and the start. */
export async function startOnFreePort<Service extends Restartable>(
  create: () => Promise<Service>,
): Promise<Service> {
  for (let attempt = 1; ; attempt++) {
    const service = await create()
    try {
      await service.restart()
      return service
    } catch (error) {
      const portTaken = error instanceof Error && /address already in use/i.test(error.message)
      if (!portTaken || attempt === START_ATTEMPTS_MAX) throw error
    }
  }
}
