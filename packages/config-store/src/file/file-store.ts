// The store of a data plane whose configuration is a file, apisix.yaml or apisix.json. The file is looked at several
// times a second; what cannot be used leaves the configuration before it in force (contract: etcd.md §5.1).
import { readFile, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Environment, FileFormat, StandaloneDocument } from '@weir/contract'
import { StandaloneStore } from '../standalone/standalone-store.ts'
import type { ConfigStore } from '../store.ts'
import { readAnyDocuments, type ReadDocuments } from './read-documents.ts'

export interface FileSettings {
  readonly path: string
  readonly format: FileFormat
  /** Stands for `${{VAR}}`. */
  readonly env: Environment
  /** Told once whenever the file cannot be used for another reason than before, and undefined when it can again. */
  onProblem(problem: string | undefined): void
}

/** APISIX looks once a second, at whole seconds only. Asking costs a few microseconds. */
const POLL_MS = 200

/** A file that was changed so shortly before it was read may change again without a sign of it. */
const RACY_MS = 100

const BYTES_MAX = 512 * 1024 * 1024

/**
 * Reads the file. One that is not there or not finished yet is waited for.
 * @throws Error with a sentence when the file is finished and cannot be used.
 */
export async function openFileStore(settings: FileSettings): Promise<ConfigStore> {
  const store = new FileStore(settings)
  try {
    await store.begin()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

class FileStore extends StandaloneStore {
  readonly #settings: FileSettings
  readonly #closing = new AbortController()
  #seen = ''
  #problem: string | undefined
  /** The list in force stays when the file gives none any more, as in APISIX. */
  #plugins: StandaloneDocument | undefined

  constructor(settings: FileSettings) {
    super()
    this.#settings = settings
  }

  async begin(): Promise<void> {
    const failure = await this.#look()
    if (failure?.kind === 'unusable') throw new Error(`${this.#settings.path}: ${failure.problem}`)
    void this.#follow()
  }

  override async close(): Promise<void> {
    this.#closing.abort()
    await super.close()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await pause(POLL_MS, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await this.#look()
    }
  }

  /** Takes over what is new in the file. Answers why it could not, if there was anything new. */
  async #look(): Promise<Failure | undefined> {
    const failure = await this.#takeOver()
    if (failure === 'unchanged') return undefined
    const problem = failure?.problem
    if (problem !== this.#problem) this.#settings.onProblem(problem)
    this.#problem = problem
    return failure
  }

  async #takeOver(): Promise<Failure | undefined | 'unchanged'> {
    const { path, format, env } = this.#settings
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(path)
      const seen = `${mtimeMs} ${ctimeMs} ${size} ${ino}`
      if (seen === this.#seen) return 'unchanged'
      // Until the text is there it counts as not seen.
      this.#seen = ''
      if (size > BYTES_MAX) return { kind: 'unfinished', problem: `it is larger than ${BYTES_MAX} bytes` }
      const isRacy = Date.now() - Math.max(mtimeMs, ctimeMs) < RACY_MS
      const text = await readFile(path, 'utf8')
      if (!isRacy) this.#seen = seen
      const read = await readAnyDocuments({ text, format, env })
      if (!read.ok) return { kind: read.kind, problem: read.error }
      if (!this.#closing.signal.aborted) await this.#use(read, Math.floor(mtimeMs / 1000))
      return undefined
    } catch (error) {
      return { kind: 'unfinished', problem: error instanceof Error ? error.message : String(error) }
    }
  }

  async #use({ plugins, documents }: ReadDocuments & { ok: true }, mtimeSeconds: number): Promise<void> {
    this.#plugins = plugins ?? this.#plugins
    await this.replace(this.#plugins ? [this.#plugins, ...documents] : documents, mtimeSeconds)
  }
}

interface Failure {
  readonly kind: 'unfinished' | 'unusable'
  readonly problem: string
}
