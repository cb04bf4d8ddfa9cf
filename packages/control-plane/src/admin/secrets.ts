// Secret managers: the first part of the id says which one, and with it which rules count (contract: admin-api.md §5.8).
import assert from 'node:assert/strict'
import { secretManagers, type JsonObject } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'

const { vault } = secretManagers
assert(vault, 'vault is one of the secret managers')

/** What all managers have in common: kind, directory, refused methods. */
export const secret = vault

export function checkSecret(document: JsonObject, { id }: DocumentName): string | undefined {
  const [manager = ''] = id.split('/')
  const contract = Object.hasOwn(secretManagers, manager) ? secretManagers[manager] : undefined
  return contract === undefined ? `invalid secret manager: ${manager}` : contract.check(document)
}
