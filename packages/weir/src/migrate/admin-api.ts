// Questions to an Admin API, which only reads are.
import { StoreUnavailableError } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'

const TIMEOUT_MS = 60_000

export class AdminApi {
  readonly origin: string
  readonly #base: string
  readonly #key: string | undefined

  /** `url` may end with `/apisix/admin`. @throws Error with a sentence when it is none. */
  constructor(url: string, key: string | undefined) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new Error('--admin takes a URL such as http://127.0.0.1:9180')
    }
    const { origin, pathname } = new URL(url)
    this.origin = origin
    this.#key = key
    this.#base = `${origin}${pathname.replace(/(?:\/apisix\/admin)?\/*$/, '')}/apisix/admin`
  }

  /** undefined when there is no such thing, or it is no object. @throws StoreUnavailableError */
  async get(path: string): Promise<JsonObject | undefined> {
    const answer = await this.ask(path)
    return isJsonObject(answer) ? answer : undefined
  }

  /** undefined for what does not exist. @throws StoreUnavailableError */
  async ask(path: string): Promise<unknown> {
    const { status, text } = await this.#fetch(path)
    if (status === 404 || isStreamModeOff(status, path)) return undefined
    if (status === 401 || status === 403) throw new StoreUnavailableError(`it refuses the key (${status})`)
    if (status !== 200) throw new StoreUnavailableError(`it answered ${path} with status ${status}`)
    try {
      return JSON.parse(text)
    } catch {
      throw new StoreUnavailableError(`its answer to ${path} is not JSON`)
    }
  }

  async #fetch(path: string): Promise<{ status: number; text: string }> {
    try {
      const answer = await fetch(this.#base + encodeURI(path), {
        headers: this.#key === undefined ? {} : { 'X-API-KEY': this.#key },
        // The key is for this address only.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { status: answer.status, text: await answer.text() }
    } catch (error) {
      throw new StoreUnavailableError(reasonOf(error), { cause: error })
    }
  }
}

/** fetch itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** APISIX answers 400 when it does not proxy streams. */
function isStreamModeOff(status: number, path: string): boolean {
  return status === 400 && path.startsWith('/stream_routes')
}
