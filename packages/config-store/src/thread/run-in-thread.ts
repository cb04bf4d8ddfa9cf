// One piece of work in a thread of its own, so that the event loop goes on meanwhile.
import { Worker } from 'node:worker_threads'

/**
 * Runs the module with the task as its `workerData`, and gives the message that it posts, which must be an `Answer`.
 * Rejects when the thread fails or ends without one.
 */
export async function runInThread<Answer>(module: URL, task: unknown): Promise<Answer> {
  const worker = new Worker(module, { workerData: task })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the thread ended with ${code} before it answered`)))
    })
  } finally {
    await worker.terminate()
  }
}
