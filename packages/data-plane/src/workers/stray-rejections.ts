// A promise that nobody waits for must not end a gateway with all its streams; it is reported instead. Errors
// outside promises do end the thread: nothing is known about the state that they leave behind.
import type { Logger } from '@weir/telemetry'

const FRAMES_MAX = 6

/** For the calling thread. */
export function reportStrayRejections(log: Logger): void {
  process.on('unhandledRejection', (reason) => {
    log.error('a promise was rejected and nobody took notice', { reason: where(reason) })
  })
}

/** Kind and place, not the message, which may quote what a client sent. */
function where(reason: unknown): string {
  if (!(reason instanceof Error)) return typeof reason
  const frames = reason.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return [reason.name, ...frames.slice(0, FRAMES_MAX)].join('')
}
