// The key material of a jwt-auth consumer (contract/common-plugins.md §1.3).
import { isReference } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'

export const checkJwtConsumer: ConfigCheck = ({ algorithm, secret, base64_secret, public_key }) => {
  if (!String(algorithm).startsWith('HS')) {
    return public_key === undefined ? 'missing valid public key' : undefined
  }
  if (typeof secret !== 'string') return 'property "secret" is required when using HS based algorithms'
  if (base64_secret !== true || isReference(secret) || isBase64(secret)) return undefined
  return 'base64_secret required but the secret is not in base64 format'
}

/** With its padding, as nginx decodes it. */
export function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text)
}
