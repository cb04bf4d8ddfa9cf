// Ways to make an id that nobody else has.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Config } from './schema.ts'

const urlSafe = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-'
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const nanoidLength = 21
/** Seconds since 1970 at which the time in a KSUID begins (segmentio/ksuid). */
const ksuidEpochS = 1_400_000_000
const ksuidBytes = 16
const ksuidLength = 27

export function createIds({ algorithm, range_id: { length, char_set } }: Config): () => string {
  switch (algorithm) {
    case 'uuid':
      return () => randomUUID()
    case 'uuidv7':
      return uuidV7
    case 'ksuid':
      return ksuid
    case 'nanoid':
      return () => randomText(urlSafe, nanoidLength)
    case 'range_id':
      return () => randomText(char_set, length)
  }
}

function randomText(characters: string, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += characters[randomInt(characters.length)] ?? ''
  return text
}

/** RFC 9562 §5.7: 48 bits of milliseconds, then random ones around version and variant. */
function uuidV7(): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}

/** Four bytes of seconds and sixteen random ones, in base 62: ids sort by their time. */
function ksuid(): string {
  const seconds = Math.floor(Date.now() / 1000) - ksuidEpochS
  let rest = BigInt(`0x${seconds.toString(16)}${randomBytes(ksuidBytes).toString('hex')}`)
  let text = ''
  for (; text.length < ksuidLength; rest /= 62n) text = (base62[Number(rest % 62n)] ?? '') + text
  return text
}
