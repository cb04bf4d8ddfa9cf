// What the client sent, beside what plugins made of it.
import type { ForwardRequest } from './types.ts'

/** Whether a header is still as the client sent it, so that no plugin of ours vouches for it. `name`: lower case. */
export function isAsSent({ message, headers }: ForwardRequest, name: string): boolean {
  const { rawHeaders } = message
  let sent: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== name) continue
    // As node:http joins repeated ones.
    sent = sent === undefined ? rawHeaders[index + 1] : `${sent}, ${rawHeaders[index + 1] ?? ''}`
  }
  return sent !== undefined && sent === headers[name]
}

/** Finds the client's spelling of names; asked in the order in which they were sent it hardly searches. */
export class Spelling {
  readonly #rawHeaders: readonly string[]
  #next = 0

  constructor(rawHeaders: readonly string[]) {
    this.#rawHeaders = rawHeaders
  }

  /** `name`: lower case; it is its own spelling when the client did not send it. */
  of(name: string): string {
    const list = this.#rawHeaders
    for (let left = list.length; left > 0; left -= 2) {
      const spelled = list[this.#next] ?? ''
      this.#next = this.#next + 2 < list.length ? this.#next + 2 : 0
      if (spelled.length === name.length && spelled.toLowerCase() === name) return spelled
    }
    return name
  }
}
