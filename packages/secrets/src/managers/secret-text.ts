// Secrets whose text is JSON (contract/etcd.md §6).
import { isJsonObject, type JsonObject } from '@weir/contract'

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
