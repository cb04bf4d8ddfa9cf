// Just enough of HTTP/1.1 to find where requests end: the bench's own gateway and load tools send nothing unusual.

export interface Request {
  readonly path: string
  readonly bodyBytes: number
}

export class RequestReader {
  #head = ''
  #path = ''
  #length = 0
  #left = 0
  #chunked = false
  #tail = ''
  readonly #onRequest: (request: Request) => void

  constructor(onRequest: (request: Request) => void) {
    this.#onRequest = onRequest
  }

  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at)
        this.#left -= taken
        at += taken
        if (this.#left === 0) this.#done()
      } else if (this.#chunked) {
        this.#tail = (this.#tail + bytes.toString('latin1', Math.max(at, bytes.length - 7))).slice(-7)
        at = bytes.length
        if (this.#tail.endsWith('0\r\n\r\n')) {
          this.#chunked = false
          this.#done()
        }
      } else {
        at = this.#readHead(bytes, at)
      }
    }
  }

  #readHead(bytes: Buffer, from: number): number {
    const before = this.#head.length
    // The end of the head may lie across two reads; heads are short, so text is joined and searched again.
    this.#head += bytes.toString('latin1', from, Math.min(bytes.length, from + 65_536))
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return bytes.length
    const head = this.#head.slice(0, end + 2)
    this.#head = ''
    this.#path = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1))
    this.#length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    this.#left = this.#length
    this.#tail = ''
    if (this.#left === 0 && !this.#chunked) this.#done()
    return from + end + 4 - before
  }

  #done(): void {
    this.#onRequest({ path: this.#path, bodyBytes: this.#length })
  }
}
