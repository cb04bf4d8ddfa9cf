// Lines to a file, gathered into few writes. A disk that is slow or full costs lines, which are counted, never requests.
import { closeSync, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const flushBytes = 16 * 1024
const flushMs = 1000
/** What may wait while the disk does not take more. */
const backlogBytesMax = 8 * 1024 * 1024

export interface LineWriterOptions {
  /** A file, `/dev/stdout` or `/dev/stderr`. */
  readonly path: string
  /** Told of the first failure after a success. */
  readonly onFailure?: ((error: Error) => void) | undefined
}

const standardStreams: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 }

export class LineWriter {
  readonly #path: string
  readonly #standard: number | undefined
  readonly #onFailure: (error: Error) => void
  #fd: number | undefined
  #pending = ''
  #writing: Buffer | undefined
  #offset = 0
  #timer: NodeJS.Timeout | undefined
  #failing = false
  #failures = 0
  #dropped = 0
  #reopen = false

  constructor({ path, onFailure = () => undefined }: LineWriterOptions) {
    this.#path = path
    this.#standard = standardStreams[path]
    this.#onFailure = onFailure
    this.#open()
  }

  /** Failed attempts to open or write. */
  get failures(): number {
    return this.#failures
  }

  /** Lines that were lost because too many waited, or because the gateway ended with the file unwritable. */
  get dropped(): number {
    return this.#dropped
  }

  /** `line` ends with a line end. */
  write(line: string): void {
    if (this.#pending.length > backlogBytesMax) {
      this.#dropped++
      return
    }
    this.#pending += line
    if (this.#pending.length >= flushBytes) this.#flush()
    else this.#timer ??= setTimeout(this.#onTimer, flushMs).unref()
  }

  /** After a log rotation: what comes from now on goes to a new file under the same name. */
  reopen(): void {
    this.#reopen = true
    this.#flush()
  }

  /** Writes what waits, at once, and closes the file. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const rest = this.#writing?.subarray(this.#offset)
    try {
      this.#fd ??= this.#openFile()
      // A write that is under way may finish as well; one line twice is better than one lost.
      for (const bytes of [rest, Buffer.from(this.#pending)]) if (bytes) writeAll(this.#fd, bytes)
    } catch (error) {
      this.#dropped += this.#pending.split('\n').length - 1
      this.#fail(error)
    }
    this.#pending = ''
    this.#closeFile()
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#flush()
  }

  #flush(): void {
    if (this.#writing) return
    if (this.#reopen) {
      this.#reopen = false
      this.#closeFile()
    }
    if (this.#fd === undefined) this.#open()
    if (this.#pending === '') return
    if (this.#fd === undefined) {
      this.#timer ??= setTimeout(this.#onTimer, flushMs).unref()
      return
    }
    this.#writing = Buffer.from(this.#pending)
    this.#offset = 0
    this.#pending = ''
    this.#writeOn(this.#fd, this.#writing)
  }

  #writeOn(fd: number, bytes: Buffer): void {
    write(fd, bytes, this.#offset, bytes.length - this.#offset, null, (error, written) => {
      if (error) {
        this.#fail(error)
        this.#closeFile()
        setTimeout(this.#retry, flushMs).unref()
        return
      }
      this.#failing = false
      this.#offset += written
      if (this.#offset < bytes.length) {
        this.#writeOn(fd, bytes)
        return
      }
      this.#writing = undefined
      if (this.#pending.length >= flushBytes || this.#reopen) this.#flush()
    })
  }

  readonly #retry = (): void => {
    const bytes = this.#writing
    if (!bytes) return
    this.#open()
    if (this.#fd === undefined) setTimeout(this.#retry, flushMs).unref()
    else this.#writeOn(this.#fd, bytes)
  }

  #open(): void {
    try {
      this.#fd = this.#openFile()
    } catch (error) {
      this.#fail(error)
    }
  }

  #openFile(): number {
    if (this.#standard !== undefined) return this.#standard
    mkdirSync(dirname(this.#path), { recursive: true })
    return openSync(this.#path, 'a')
  }

  #closeFile(): void {
    if (this.#fd !== undefined && this.#standard === undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #fail(error: unknown): void {
    this.#failures++
    if (this.#failing) return
    this.#failing = true
    this.#onFailure(error instanceof Error ? error : new Error(String(error)))
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset)
}
