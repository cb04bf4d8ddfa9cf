// The entry of a manager's thread.
import { parentPort, workerData } from 'node:worker_threads'
import { trustCertificates } from '@weir/upstream/trusted-certificates'
import type { SecretManager } from './secret-manager.ts'
import type { Answer, Question, ThreadWork } from './thread.ts'

/** The other side has given up long before. */
const READ_MS_MAX = 10_000

if (!parentPort) throw new Error('this module runs in a worker thread')
const main = parentPort
// Only `ManagerThread` starts this module.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const work = workerData as ThreadWork
trustCertificates(work.trustedCertificates)
let manager: Promise<SecretManager> | undefined

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
main.on('message', (question: Question) => void answer(question).then((said) => main.postMessage(said)))

async function answer({ id, name }: Question): Promise<Answer> {
  try {
    const opened = await (manager ??= open())
    return { id, members: await opened.read(name, AbortSignal.timeout(READ_MS_MAX)) }
  } catch (error) {
    const { name: kind, message } = error instanceof Error ? error : new Error(String(error))
    return { id, error: { name: kind, message } }
  }
}

async function open(): Promise<SecretManager> {
  try {
    if (work.manager === 'aws') return await (await import('./aws.ts')).openAws(work.settings)
    return await (await import('./gcp.ts')).openGcp(work.settings)
  } catch (error) {
    // What cannot be opened now, such as a file that is not there, may be at the next read.
    manager = undefined
    throw error
  }
}
