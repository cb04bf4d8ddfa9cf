// A manager in a thread of its own, for clients that would stop the loop for too long when they are loaded.
import { Worker } from 'node:worker_threads'
import type { Aws, Gcp, JsonObject } from '@weir/contract'
import type { SecretManager } from './secret-manager.ts'

export type ForThread =
  | { readonly manager: 'aws'; readonly settings: Aws }
  | { readonly manager: 'gcp'; readonly settings: Gcp }

export type ThreadWork = ForThread & { readonly trustedCertificates: string }

export interface Question {
  readonly id: number
  readonly name: string
}

export type Answer =
  | { readonly id: number; readonly members: JsonObject | undefined }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }

interface Asked {
  readonly resolve: (members: JsonObject | undefined) => void
  readonly reject: (error: Error) => void
}

/** The thread begins with the first read, and anew if it ever ends by itself. */
export class ManagerThread implements SecretManager {
  readonly #work: ThreadWork
  readonly #asked = new Map<number, Asked>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(work: ThreadWork) {
    this.#work = work
  }

  read(name: string): Promise<JsonObject | undefined> {
    const worker = (this.#worker ??= this.#start())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      const question: Question = { id, name }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
      worker.postMessage(question)
    })
  }

  close(): void {
    void this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('manager-thread.ts', import.meta.url), {
      workerData: this.#work,
      name: `weir-secrets-${this.#work.manager}`,
    })
    worker.unref()
    worker.on('message', (answer: Answer) => this.#hear(answer))
    let reason = 'its thread ended'
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.once('exit', () => this.#gone(reason))
    return worker
  }

  #hear(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if ('members' in answer) asked?.resolve(answer.members)
    else asked?.reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }))
  }

  #gone(reason: string): void {
    this.#worker = undefined
    for (const { reject } of this.#asked.values()) reject(new Error(reason))
    this.#asked.clear()
  }
}
