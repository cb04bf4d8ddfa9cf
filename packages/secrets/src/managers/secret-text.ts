// Secrets whose text is JSON (contract/etcd.md §6).
import { isJsonObject, type JsonObject } from '@weir/contract'
import { WHOLE } from '../reference.ts'

/** @throws Error that quotes nothing of the text. */
export function parseSecretText(text: string | undefined): JsonObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(text ?? '')
  } catch {
    // The parser's own complaint would quote the secret.
  }
  if (!isJsonObject(parsed)) throw new Error('the secret is not a JSON object')
  return parsed
}

/** The members of a secret that may be any text, and the text itself. */
export function membersOfText(text = ''): JsonObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // It is no JSON, and need not be.
  }
  return { ...(isJsonObject(parsed) ? parsed : {}), [WHOLE]: text }
}
