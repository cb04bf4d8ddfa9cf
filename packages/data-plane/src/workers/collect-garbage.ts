// Gives memory back to the system, which V8 by itself does late or never.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

let collect: Collect | undefined

/** Blocks this thread for tens of milliseconds. */
export function collectGarbage(): void {
  if (!collect) {
    // With the flag set, new contexts have the function. It is never taken back: the flag is the whole process's, and
    // another thread may be about to make its own context.
    setFlagsFromString('--expose-gc')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    collect = runInNewContext('gc') as Collect
  }
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
