// Copying documents into another store, without harm to what is there.
import { isDeepStrictEqual } from 'node:util'
import type { ConfigStore } from '@weir/config-store'
import type { JsonObject } from '@weir/contract'
import { keepsAlike, sealDocument, type Vault } from '../survey/vault.ts'
import type { EncryptedFields } from '../survey/known-fields.ts'
import type { Surveyed } from '../survey/survey.ts'

/**
 * - `copied`, or there in the `same` form already;
 * - `replaced`: another document was there, and had to go;
 * - `kept`: another document is there, and stays;
 * - `left out`: it cannot be used by anybody.
 */
export type Outcome = 'copied' | 'same' | 'replaced' | 'kept' | 'left out'

export interface CopyOptions {
  readonly store: ConfigStore
  readonly source: Vault
  readonly target: Vault
  readonly fields: EncryptedFields
  /** Whether a different document gives way. */
  readonly force: boolean
  /** Whether the source's texts are what a store holds, so that they can be taken over as they are. */
  readonly isStored: boolean
}

export async function copyDocument(surveyed: Surveyed, options: CopyOptions): Promise<Outcome> {
  if (surveyed.assessment.fault !== undefined) return 'left out'
  const { store, force } = options
  const { key } = surveyed.entry
  const text = textFor(surveyed, options)
  const { entry } = await store.get(key)
  if (entry && isSame(entry.value, text)) return 'same'
  if (entry && !force) return 'kept'
  // Whoever writes meanwhile is not overwritten.
  const written = await store.compareAndSwap(key, entry?.modRevision ?? 0, text)
  if (written === 'conflict') return 'kept'
  return entry ? 'replaced' : 'copied'
}

function textFor({ entry, plain }: Surveyed, options: CopyOptions): string {
  const isReady = options.isStored && keepsAlike(options.source, options.target)
  if (plain === undefined || isReady) return entry.value
  return JSON.stringify(sealDocument(entry.key, withId(entry.key, plain), options))
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other))
  } catch {
    return false
  }
}

/** Documents of files need no id of their own; those of a store have one. A consumer's is its name. */
function withId(key: string, document: JsonObject): JsonObject {
  const [, directory = '', ...rest] = key.split('/')
  if (directory === 'consumers' && rest.length === 1) return document
  const id = directory === 'secrets' ? rest.join('/') : rest.at(-1)
  // Text and number are one id (etcd.md §10).
  return String(document['id']) === id ? document : { ...document, id }
}
