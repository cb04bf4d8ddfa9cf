// The versions of TLS that the configuration names, as OpenSSL wants to be told.
import { constants } from 'node:crypto'
import type { SecureVersion } from 'node:tls'

const known: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

const switches: Readonly<Record<SecureVersion, number>> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
}

export interface Versions {
  readonly range: { readonly minVersion: SecureVersion; readonly maxVersion: SecureVersion }
  /** Switches off what lies between two versions that are wanted. */
  readonly options: number
}

/** Names that OpenSSL no longer knows (`SSLv3`) are passed over; without any other, versions 1.2 and 1.3 are taken. */
export function toVersions(names: readonly string[]): Versions {
  const wanted = known.filter((version) => names.includes(version))
  const first = wanted.at(0) ?? 'TLSv1.2'
  const last = wanted.at(-1) ?? 'TLSv1.3'
  const between = known.slice(known.indexOf(first), known.indexOf(last))
  const unwanted = wanted.length === 0 ? [] : between.filter((version) => !wanted.includes(version))
  return {
    range: { minVersion: first, maxVersion: last },
    options: unwanted.reduce((sum, version) => sum | switches[version], 0),
  }
}
