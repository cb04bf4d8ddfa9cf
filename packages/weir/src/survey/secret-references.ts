// Which secret managers a document asks: `$secret://vault/1/path/key` needs `/secrets/vault/1` (etcd.md §6).
import { isJsonObject } from '@weir/contract'

const reference = /^\$secret:\/\/([^/]+\/[^/]+)\/./i

/** Keys of the documents that say where to ask, each once. */
export function secretReferencesOf(document: unknown): readonly string[] {
  const keys = new Set<string>()
  collect(document, keys)
  return [...keys]
}

function collect(value: unknown, keys: Set<string>): void {
  if (typeof value === 'string') {
    const [, manager] = (value.startsWith('$') && reference.exec(value)) || []
    if (manager !== undefined) keys.add(`/secrets/${manager}`)
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, keys)
  } else if (isJsonObject(value)) {
    for (const member of Object.values(value)) collect(member, keys)
  }
}
