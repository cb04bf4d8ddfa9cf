// Another worker of the gateway, for tests: it sends one message to a session that it does not hold.
import { parentPort, workerData } from 'node:worker_threads'
import { joinThreads, sendTo } from './sessions.ts'

interface Errand {
  readonly owner: string
  readonly session: string
  readonly message: string
}

// Only the test starts this module.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { owner, session, message } = workerData as Errand
joinThreads()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort?.postMessage(await sendTo(owner, session, message))
