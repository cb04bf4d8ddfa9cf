// Redis' wire protocol, version 2, as far as a server between a client and a Redis needs it.

/** Bulk strings are bytes; simple strings are texts. */
export type RespValue = Buffer | string | number | null | RespError | readonly RespValue[]

export class RespError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

const CRLF = '\r\n'

/** Splits what arrives into values, however it was cut. */
export class RespReader {
  #bytes: Buffer = Buffer.alloc(0)

  push(bytes: Buffer): readonly RespValue[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    const values: RespValue[] = []
    for (;;) {
      const read = readValue(this.#bytes, 0)
      if (!read) return values
      values.push(read.value)
      this.#bytes = this.#bytes.subarray(read.end)
    }
  }
}

interface Read {
  readonly value: RespValue
  readonly end: number
}

/** Undefined while it is not complete. */
function readValue(bytes: Buffer, start: number): Read | undefined {
  const lineEnd = bytes.indexOf(CRLF, start)
  if (lineEnd < 0) return undefined
  const line = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + CRLF.length
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '+':
      return { value: line, end }
    case '-':
      return { value: new RespError(line), end }
    case ':':
      return { value: Number(line), end }
    case '$':
      return readBulk(bytes, Number(line), end)
    case '*':
      return readArray(bytes, Number(line), end)
    default:
      throw new Error('this is not RESP')
  }
}

function readBulk(bytes: Buffer, length: number, start: number): Read | undefined {
  if (length < 0) return { value: null, end: start }
  const end = start + length + CRLF.length
  return bytes.length < end ? undefined : { value: bytes.subarray(start, start + length), end }
}

function readArray(bytes: Buffer, length: number, start: number): Read | undefined {
  if (length < 0) return { value: null, end: start }
  const values: RespValue[] = []
  let end = start
  for (let i = 0; i < length; i++) {
    const read = readValue(bytes, end)
    if (!read) return undefined
    values.push(read.value)
    end = read.end
  }
  return { value: values, end }
}

export function encodeResp(value: RespValue): Buffer {
  if (value === null) return Buffer.from(`$-1${CRLF}`)
  if (typeof value === 'number') return Buffer.from(`:${value}${CRLF}`)
  if (typeof value === 'string') return Buffer.from(`+${value}${CRLF}`)
  if (value instanceof RespError) return Buffer.from(`-${value.message}${CRLF}`)
  if (Buffer.isBuffer(value))
    return Buffer.concat([Buffer.from(`$${value.length}${CRLF}`), value, Buffer.from(CRLF)])
  return Buffer.concat([Buffer.from(`*${value.length}${CRLF}`), ...value.map(encodeResp)])
}
