// What may stand in a log: no secrets, no control characters, nothing endless.

const textLengthMax = 2048
const redacted = '[redacted]'

/** Endings of field names whose values are secrets, whatever they say. Letters only, lower case. */
const secretNames =
  /(?:password|passwd|secret|token|authorization|cookie|apikey|accesskey|secretkey|privatekey|adminkey|credentials?|prompt)$/
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi
const providerKey = /\bsk-[\w-]{6,}/g
// Besides C0 and C1 controls: the line separators that some readers take for line ends.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Control characters become blanks; what looks like a credential in running text is cut out. */
export function sanitizeText(text: string): string {
  const cut = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text
  return cut.replace(controls, ' ').replace(bearer, `$1 ${redacted}`).replace(providerKey, redacted)
}

/** Only texts are redacted: a number of tokens is no token. */
export function sanitizeField(name: string, value: string | number | boolean): string | number | boolean {
  if (typeof value !== 'string') return value
  return secretNames.test(name.toLowerCase().replace(/[^a-z]/g, '')) ? redacted : sanitizeText(value)
}
