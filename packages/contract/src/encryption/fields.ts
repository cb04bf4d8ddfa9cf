// Which members of a document are encrypted: dotted paths into plugin configurations (contract/admin-api.md §9.1).

import { isJsonObject } from '../schema/index.ts'
import type { Cipher } from './cipher.ts'

/**
 * Returns the configuration with the texts at `paths` encrypted. Lists on the way are gone through; at the end
 * stands a text, a list of texts or a map of texts. The argument stays as it is; without anything to change it is
 * returned itself.
 */
export function encryptFields<T>(config: T, paths: readonly string[], cipher: Cipher): T {
  return changeFields(config, paths, (text) => cipher.encrypt(text))
}

/** The reverse. Texts that no key decrypts stay as they are. */
export function decryptFields<T>(config: T, paths: readonly string[], cipher: Cipher): T {
  return changeFields(config, paths, (text) => cipher.decrypt(text))
}

type Change = (text: string) => string

function changeFields<T>(config: T, paths: readonly string[], change: Change): T {
  let changed: unknown = config
  for (const path of paths) changed = changeAt(changed, path.split('.'), change)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only texts have changed
  return changed as T
}

function changeAt(value: unknown, steps: readonly string[], change: Change): unknown {
  if (Array.isArray(value) && steps.length > 0) {
    return changeItems(value, (item) => changeAt(item, steps, change))
  }
  const [step, ...rest] = steps
  if (step === undefined) return changeLeaf(value, change)
  if (!isJsonObject(value) || !Object.hasOwn(value, step)) return value
  const member = changeAt(value[step], rest, change)
  return member === value[step] ? value : { ...value, [step]: member }
}

function changeLeaf(value: unknown, change: Change): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return changeItems(value, (item) => changeText(item, change))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, changeText(text, change)]))
}

function changeText(value: unknown, change: Change): unknown {
  return typeof value === 'string' ? change(value) : value
}

function changeItems(items: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = items.map(change)
  return changed.every((item, i) => item === items[i]) ? items : changed
}
