// One `/secrets/<manager>/<id>` document in force, and the connection that it leads to.
import { isJsonObject, type JsonObject } from '@weir/contract'
import { createInTurn, type InTurn } from './in-turn.ts'
import type { SecretManager } from './managers/secret-manager.ts'
import { type ManagerWorld, type OpenManager, parseManager } from './open-manager.ts'

/** Secrets read at once from one manager. */
const READS_MAX = 8
/** For one of them, whatever the manager's client thinks of it. */
const READ_MS_MAX = 8000

export class ManagerSession {
  readonly #inTurn: InTurn = createInTurn(READS_MAX)
  #open: OpenManager
  readonly #readMsMax: number
  #manager: Promise<SecretManager> | undefined

  constructor(open: OpenManager, readMsMax = READ_MS_MAX) {
    this.#open = open
    this.#readMsMax = readMsMax
  }

  /** Takes the place of the document before. What is being read ends as it may. */
  replace(open: OpenManager): void {
    this.close()
    this.#open = open
  }

  read(name: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    return this.#inTurn(async () => {
      signal.throwIfAborted()
      const ended = AbortSignal.any([signal, AbortSignal.timeout(this.#readMsMax)])
      return Promise.race([this.#read(name, ended), rejection(ended)])
    })
  }

  close(): void {
    const manager = this.#manager
    this.#manager = undefined
    manager?.then(
      (opened) => opened.close(),
      () => {},
    )
  }

  async #read(name: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    const manager = await this.#opened()
    return manager.read(name, signal)
  }

  #opened(): Promise<SecretManager> {
    if (this.#manager) return this.#manager
    const opening = this.#open()
    this.#manager = opening
    // What could not be opened may be another time.
    opening.catch(() => {
      if (this.#manager === opening) this.#manager = undefined
    })
    return opening
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Returns the complaint when a document cannot be used. */
export function parseDocument(id: string, text: string, world: ManagerWorld): OpenManager | string {
  const document = parseObject(text)
  if (!document) return `invalid item data of [secrets/${id}], it should be an object`
  const parsed = parseManager(id, document, world)
  return parsed.ok ? parsed.value : `failed to check item data of [secrets/${id}] err:${parsed.error}`
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
