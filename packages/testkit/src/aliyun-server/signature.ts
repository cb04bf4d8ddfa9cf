// Aliyun's RPC signature, version 1.0: written apart from the gateway's own so that each checks the other.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** RFC 3986: everything but A-Z a-z 0-9 - _ . ~ is escaped; encodeURIComponent leaves five characters more. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function signatureOf(form: URLSearchParams, secret: string): string {
  const pairs: string[] = []
  for (const [name, value] of form) {
    if (name !== 'Signature') pairs.push(`${percentEncode(name)}=${percentEncode(value)}`)
  }
  // Escaped names are ASCII, so the order of UTF-16 units is the order of bytes.
  const canonical = pairs.toSorted().join('&')
  return createHmac('sha1', `${secret}&`)
    .update(`POST&%2F&${percentEncode(canonical)}`)
    .digest('base64')
}

const fixed = {
  Action: 'TextModerationPlus',
  Format: 'JSON',
  SignatureMethod: 'HMAC-SHA1',
  SignatureVersion: '1.0',
  Version: '2022-03-02',
}
const clockSkewMsMax = 15 * 60_000

/** Checks a call as the service would; returns the complaint, undefined when all is well. */
export function complaintAbout(
  form: URLSearchParams,
  key: { readonly id: string; readonly secret: string },
): { code: string; message: string } | undefined {
  for (const [name, value] of Object.entries(fixed)) {
    if (form.get(name) !== value) return { code: `Invalid${name}`, message: `${name} must be ${value}` }
  }
  for (const name of ['RegionId', 'Service', 'SignatureNonce', 'Timestamp', 'Signature']) {
    if (!form.get(name)) return { code: `Missing${name}`, message: `${name} is mandatory` }
  }
  if (form.get('AccessKeyId') !== key.id) {
    return { code: 'InvalidAccessKeyId.NotFound', message: 'Specified access key is not found.' }
  }
  const timestamp = form.get('Timestamp') ?? ''
  const skew = Math.abs(Date.parse(timestamp) - Date.now())
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) || !(skew <= clockSkewMsMax)) {
    return { code: 'InvalidTimeStamp.Expired', message: 'Specified time stamp or date value is expired.' }
  }
  const given = Buffer.from(form.get('Signature') ?? '')
  const wanted = Buffer.from(signatureOf(form, key.secret))
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return {
      code: 'SignatureDoesNotMatch',
      message: 'Specified signature is not matched with our calculation.',
    }
  }
  return undefined
}
