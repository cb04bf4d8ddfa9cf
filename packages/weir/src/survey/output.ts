// Lines to a stream, no faster than it takes them: a report may have a hundred thousand of them.
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { exitStatus } from '../exit-status.ts'

export interface Output {
  line(text: string): Promise<void>
}

export function createOutput(stream: Writable): Output {
  // Whoever reads it has seen enough, as in `weir migrate | head`.
  stream.once('error', () => process.exit(exitStatus.problems))
  return {
    async line(text) {
      if (!stream.write(`${text}\n`)) await once(stream, 'drain')
    },
  }
}
