// Reads protobuf's wire format without a schema: enough for a collector that looks at a few fields.

/** By field number: a length-delimited value as bytes, a fixed one as bytes, a varint as number. */
export type Message = ReadonlyMap<number, readonly (Buffer | number)[]>

const lengths: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (Buffer | number)[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const type = tag & 7
    let value: Buffer | number
    if (type === 0) value = varint()
    else {
      const length = type === 2 ? varint() : (lengths[type] ?? 0)
      value = bytes.subarray(at, at + length)
      at += length
    }
    const list = fields.get(tag >>> 3) ?? []
    list.push(value)
    fields.set(tag >>> 3, list)
  }
  return fields
}

export function messagesIn(message: Message, field: number): readonly Message[] {
  return (message.get(field) ?? []).flatMap((value) => (Buffer.isBuffer(value) ? readMessage(value) : []))
}

export function bytesIn(message: Message, field: number): Buffer {
  const value = message.get(field)?.[0]
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

export function numberIn(message: Message, field: number): number {
  const value = message.get(field)?.[0]
  return typeof value === 'number' ? value : 0
}
