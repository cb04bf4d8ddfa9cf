// Amazon Comprehend through its official client, which takes tens of megabytes and a tenth of a second to load: it does
// so in one thread for all configurations of a worker, with the first text that is to be judged.
import { getCACertificates } from 'node:tls'
import { Worker } from 'node:worker_threads'
import type { Toxicity } from './toxicity.ts'

export interface ComprehendSettings {
  readonly region: string
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly verifyCertificate: boolean
  /** For a whole call. */
  readonly timeoutMs: number
  /** Undefined closes each connection after its call. */
  readonly keepAliveMs: number | undefined
}

/** To the thread: texts to be judged by a client, or that a client is no longer needed. */
export type Question =
  | {
      readonly id: number
      readonly client: number
      readonly settings: ComprehendSettings
      readonly segments: readonly string[]
    }
  | { readonly close: number }

export type Answer =
  | { readonly id: number; readonly results: readonly Toxicity[] }
  | { readonly id: number; readonly error: string }

/** PEM, of whom the worker trusts. */
export interface ThreadData {
  readonly certificates: string[]
}

interface Asked {
  readonly resolve: (results: readonly Toxicity[]) => void
  readonly reject: (error: Error) => void
}

/** Calls under way, of all configurations together. */
const askedMax = 10_000

const asked = new Map<number, Asked>()
let worker: Worker | undefined
let users = 0
let lastId = 0
let lastClient = 0

export class Comprehend {
  readonly #settings: ComprehendSettings
  readonly #client = ++lastClient
  #isClosed = false

  constructor(settings: ComprehendSettings) {
    this.#settings = settings
    users++
  }

  /** One result for each segment that was judged. Rejects with a reason that quotes neither text nor key. */
  detectToxicContent(segments: readonly string[]): Promise<readonly Toxicity[]> {
    if (asked.size >= askedMax) return Promise.reject(new Error('too many calls are under way'))
    const { promise, resolve, reject } = Promise.withResolvers<readonly Toxicity[]>()
    const id = ++lastId
    asked.set(id, { resolve, reject })
    send((worker ??= start()), { id, client: this.#client, settings: this.#settings, segments })
    return promise
  }

  /** The thread ends with its last user. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    users--
    if (!worker) return
    if (users > 0) send(worker, { close: this.#client })
    else {
      void worker.terminate()
      gone(worker)
    }
  }
}

function send(to: Worker, question: Question): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  to.postMessage(question)
}

function start(): Worker {
  const workerData: ThreadData = { certificates: getCACertificates('default') }
  const started = new Worker(new URL('comprehend-thread.ts', import.meta.url), {
    workerData,
    name: 'weir-comprehend',
  })
  started.unref()
  started.on('message', hear)
  started.on('error', () => {})
  started.once('exit', () => gone(started))
  return started
}

function hear(answer: Answer): void {
  const waiting = asked.get(answer.id)
  asked.delete(answer.id)
  if ('results' in answer) waiting?.resolve(answer.results)
  else waiting?.reject(new Error(answer.error))
}

function gone(ended: Worker): void {
  // The next one may have begun already.
  if (worker !== ended) return
  worker = undefined
  for (const { reject } of asked.values()) reject(new Error('its thread ended'))
  asked.clear()
}
