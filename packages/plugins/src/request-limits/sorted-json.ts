// JSON with its members in alphabetical order, the same for the same configuration: APISIX hashes it into the names of
// counters, so that a changed configuration starts new ones.
import { crc32 } from 'node:zlib'
import { isJsonObject } from '@weir/contract'

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isJsonObject(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/** The decimal CRC-32 of a configuration. */
export function configHash(config: unknown): number {
  return crc32(sortedJson(config))
}
