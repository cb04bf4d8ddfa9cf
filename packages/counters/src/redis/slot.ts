// Which of a cluster's 16,384 slots an account is in (Redis cluster specification, "Key distribution model"). The
// names of its three keys are such that all are in the slot of the first, which has no braces.
import { usedKeyOf } from './keys.ts'

const SLOTS = 16_384

export function slotOf(key: string): number {
  // CRC16, XMODEM.
  let crc = 0
  for (const byte of Buffer.from(usedKeyOf(key))) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  }
  return (crc & 0xffff) % SLOTS
}
