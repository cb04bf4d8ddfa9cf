// Messages about a document without what the document keeps secret.

/**
 * Complaints of schemas may quote a value. Short secrets are left alone: they would blot out ordinary words, and are
 * no secrets.
 */
export function redact(message: string, secrets: ReadonlySet<string>): string {
  if (secrets.size === 0) return message
  let text = message
  for (const secret of secrets) if (secret.length >= LENGTH_MIN) text = text.replaceAll(secret, '***')
  // A secret with characters that are written differently between quotes.
  return [...secrets].every((secret) => plain.test(secret))
    ? text
    : text.replace(/ with ".*$/s, ' with "***"')
}

const LENGTH_MIN = 4
const plain = /^[ !#-[\]-~]*$/
