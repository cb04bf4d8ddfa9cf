// The signature of Aliyun's RPC-style APIs, version 1.0: HMAC-SHA1 over the sorted parameters.
import { createHmac } from 'node:crypto'

export type Parameters = Readonly<Record<string, string>>

/** The form to be posted: all parameters and their signature. */
export function signedForm(parameters: Parameters, accessKeySecret: string): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  const canonical = pairs.toSorted().join('&')
  const signature = createHmac('sha1', `${accessKeySecret}&`)
    .update(`POST&${encode('/')}&${encode(canonical)}`)
    .digest('base64')
  return `${canonical}&Signature=${encode(signature)}`
}

/** RFC 3986 §2.3: all but letters, digits and `-_.~`, of which encodeURIComponent spares five more. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
