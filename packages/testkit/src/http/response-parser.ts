// Reads one HTTP/1.1 response from bytes as they come, keeping them exactly (RFC 9112).

export interface RawHead {
  readonly status: number
  readonly reason: string
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** The first value of a header, by any spelling of its name. */
  header(name: string): string | undefined
}

type State =
  | 'head'
  | 'length'
  | 'chunk-size'
  | 'chunk'
  | 'chunk-end'
  | 'trailers'
  | 'until-close'
  | 'complete'

const nothing = Buffer.alloc(0)

export class ResponseParser {
  head: RawHead | undefined
  #state: State = 'head'
  #rest: Buffer = nothing
  #left = 0
  readonly #bodyless: boolean
  readonly #onBody: (bytes: Buffer) => void

  /** `bodyless`: the answer to HEAD has headers only. */
  constructor(onBody: (bytes: Buffer) => void, bodyless = false) {
    this.#onBody = onBody
    this.#bodyless = bodyless
  }

  get complete(): boolean {
    return this.#state === 'complete'
  }

  /** The length is not announced: the end of the connection is the end of the answer. */
  get endsWithConnection(): boolean {
    return this.#state === 'until-close'
  }

  /** Throws when the bytes are no HTTP response. */
  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#step()) {
      // Each step consumes what it understood.
    }
  }

  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead()
      case 'length':
        return this.#readBytes('complete')
      case 'chunk':
        return this.#readBytes('chunk-end')
      case 'chunk-size':
        return this.#readLine((line) => {
          const size = /^([0-9a-f]+)\s*(;.*)?$/i.exec(line)?.[1]
          if (size === undefined) throw new Error(`not a chunk size: ${JSON.stringify(line)}`)
          this.#left = Number.parseInt(size, 16)
          this.#state = this.#left === 0 ? 'trailers' : 'chunk'
        })
      case 'chunk-end':
        return this.#readLine((line) => {
          if (line !== '') throw new Error('a chunk is longer than its size')
          this.#state = 'chunk-size'
        })
      case 'trailers':
        return this.#readLine((line) => {
          if (line === '') this.#state = 'complete'
        })
      case 'until-close':
        if (this.#rest.length === 0) return false
        this.#onBody(this.#rest)
        this.#rest = nothing
        return true
      case 'complete':
        if (this.#rest.length > 0) throw new Error('bytes after the end of the response')
    }
    return false
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (!'HTTP/'.startsWith(this.#rest.toString('latin1', 0, 5))) throw new Error('not an HTTP response')
    if (end < 0) return false
    const head = parseHead(this.#rest.toString('latin1', 0, end))
    this.#rest = this.#rest.subarray(end + 4)
    // An interim response (100 Continue) is followed by the real one.
    if (head.status >= 200) {
      this.head = head
      this.#state = this.#bodyState(head)
    }
    return true
  }

  #bodyState(head: RawHead): State {
    if (this.#bodyless || head.status === 204 || head.status === 304) return 'complete'
    if (/chunked\s*$/i.test(head.header('transfer-encoding') ?? '')) return 'chunk-size'
    const length = head.header('content-length')
    if (length === undefined) return 'until-close'
    this.#left = Number(length)
    return this.#left === 0 ? 'complete' : 'length'
  }

  #readBytes(next: State): boolean {
    if (this.#rest.length === 0) return false
    const bytes = this.#rest.subarray(0, this.#left)
    this.#rest = this.#rest.subarray(bytes.length)
    this.#left -= bytes.length
    this.#onBody(bytes)
    if (this.#left === 0) this.#state = next
    return true
  }

  #readLine(use: (line: string) => void): boolean {
    const end = this.#rest.indexOf('\r\n')
    if (end < 0) return false
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    use(line)
    return true
  }
}

function parseHead(text: string): RawHead {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const parts = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine)
  if (!parts) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`)
  const rawHeaders = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error(`not a header: ${JSON.stringify(line)}`)
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(parts[1]),
    reason: parts[2] ?? '',
    rawHeaders,
    header: (name) => rawHeaders.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1],
  }
}
