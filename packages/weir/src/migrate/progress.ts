// A progress bar on a terminal. Nothing anywhere else.
import type { WriteStream } from 'node:tty'

export interface Progress {
  /** So many more documents are done. */
  advance(documents: number): void
  /** Takes the bar away. */
  end(): void
}

const WIDTH = 30
/** Often enough to look alive. */
const REDRAW_MS = 100

export function createProgress(
  stream: Pick<WriteStream, 'isTTY' | 'write'>,
  what: string,
  total: number,
): Progress {
  if (!stream.isTTY || total === 0) return { advance() {}, end() {} }
  let done = 0
  let drawnAt = -Infinity
  return {
    advance(documents) {
      done += documents
      const now = performance.now()
      if (now - drawnAt < REDRAW_MS) return
      drawnAt = now
      stream.write(`\r${what} ${bar(done / total)} ${done}/${Math.max(done, total)}`)
    },
    end() {
      if (drawnAt > -Infinity) stream.write('\r\u001b[2K')
    },
  }
}

function bar(share: number): string {
  const full = Math.min(WIDTH, Math.round(share * WIDTH))
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`
}
