// Lines to a file, gathered into few writes. A disk that is slow or full costs lines, which are counted, never requests.
import { closeSync, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const flushBytes = 64 * 1024
const flushMs = 1000
/** What may wait while the disk does not take more. */
const backlogBytesMax = 8 * 1024 * 1024
/** What a pipe takes in one piece (PIPE_BUF): lines of several threads do not run into each other. */
const pipeBytes = 4096
const busyPipeMs = 10
/** What the end waits for a disk, or for the reader of a pipe. */
const landingMs = 5000

export interface LineWriterOptions {
  /** A file, `/dev/stdout` or `/dev/stderr`. */
  readonly path: string
  /** Milliseconds that a line may wait for others; default 1000. */
  readonly delayMs?: number | undefined
  /** Told of the first failure after a success. */
  readonly onFailure?: ((error: Error) => void) | undefined
}

const standardStreams: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 }

export class LineWriter {
  readonly #path: string
  readonly #standard: number | undefined
  readonly #delayMs: number
  readonly #onFailure: (error: Error) => void
  #fd: number | undefined
  #pending = ''
  /** What is being written, and how much of it is. */
  #writing: Buffer | undefined
  #offset = 0
  /** The system is writing a piece of it just now. */
  #inFlight = false
  #timer: NodeJS.Timeout | undefined
  #failing = false
  #failures = 0
  #dropped = 0
  #reopen = false
  #closed: Promise<void> | undefined
  /** Called when the system has written the piece in flight, while the writer is closing. */
  #landed: (() => void) | undefined

  constructor({ path, delayMs = flushMs, onFailure = () => undefined }: LineWriterOptions) {
    this.#path = path
    this.#delayMs = delayMs
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
    if (this.#closed || this.#pending.length > backlogBytesMax) {
      this.#dropped++
      return
    }
    this.#pending += line
    this.#schedule()
  }

  /** After a log rotation: what comes from now on goes to a new file under the same name. */
  reopen(): void {
    this.#reopen = true
    this.#flush()
  }

  /** Takes nothing more. Resolves when what waits is written, in its order. */
  close(): Promise<void> {
    this.#closed ??= this.#finish()
    return this.#closed
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#timer)
    const isStuck = this.#inFlight && !(await this.#landing())
    const rest = [this.#writing?.subarray(this.#offset) ?? Buffer.of(), Buffer.from(this.#pending)]
    this.#pending = ''
    try {
      if (isStuck) throw new Error(`the system has not written anything for ${landingMs} ms`)
      this.#fd ??= this.#openFile()
      for (const bytes of rest) writeAll(this.#fd, bytes)
    } catch (error) {
      this.#dropped += Buffer.concat(rest).toString().split('\n').length - 1
      this.#fail(error)
    }
    // A file that is being written to stays open: its number might soon be another file's.
    if (!isStuck) this.#closeFile()
  }

  /** Whether the piece in flight gets written in time. */
  #landing(): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = setTimeout(resolve, landingMs, false)
      this.#landed = () => {
        clearTimeout(giveUp)
        resolve(true)
      }
    })
  }

  #schedule(): void {
    if (this.#pending === '' && !this.#reopen) return
    if (this.#pending.length >= flushBytes || this.#reopen) this.#flush()
    else this.#later(this.#delayMs)
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(this.#onTimer, ms).unref()
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#flush()
  }

  #flush(): void {
    if (this.#inFlight || this.#closed) return
    if (this.#reopen && !this.#writing) {
      this.#reopen = false
      this.#closeFile()
    }
    if (this.#fd === undefined) this.#open()
    if (!this.#writing && this.#pending !== '') {
      this.#writing = Buffer.from(this.#pending)
      this.#offset = 0
      this.#pending = ''
    }
    if (!this.#writing) return
    if (this.#fd === undefined) this.#later(flushMs)
    else this.#writeOn(this.#fd, this.#writing)
  }

  #writeOn(fd: number, bytes: Buffer): void {
    const end = this.#standard === undefined ? bytes.length : endOfPiece(bytes, this.#offset)
    this.#inFlight = true
    write(fd, bytes, this.#offset, end - this.#offset, null, (error, written) => {
      this.#inFlight = false
      if (!error) this.#offset += written
      if (this.#landed) {
        this.#landed()
        return
      }
      if (error) {
        this.#retryAfter(error)
        return
      }
      this.#failing = false
      if (this.#offset < bytes.length) {
        this.#writeOn(fd, bytes)
        return
      }
      this.#writing = undefined
      this.#schedule()
    })
  }

  #retryAfter(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.#later(busyPipeMs)
      return
    }
    this.#fail(error)
    this.#closeFile()
    this.#later(flushMs)
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

/** As many whole lines as a pipe takes at once; a longer line is a piece of its own. */
function endOfPiece(bytes: Buffer, start: number): number {
  if (bytes.length - start <= pipeBytes) return bytes.length
  const lineEnd = bytes.lastIndexOf(10, start + pipeBytes - 1)
  return (lineEnd >= start ? lineEnd : bytes.indexOf(10, start)) + 1
}

/** Waits for a pipe that is full, for a second at most. */
function writeAll(fd: number, bytes: Buffer): void {
  let waits = 0
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset, endOfPiece(bytes, offset) - offset)
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
      if (!isBusy || ++waits > flushMs / busyPipeMs) throw error
      Atomics.wait(sleeper, 0, 0, busyPipeMs)
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
