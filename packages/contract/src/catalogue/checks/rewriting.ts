// proxy-rewrite, response-rewrite and redirect (contract/common-plugins.md §4).
import { isJsonObject, isReference } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'
import { namedComplaint } from './expressions.ts'
import { firstOf, itemsOf } from './items.ts'
import { isBase64 } from './jwt-auth.ts'
import { patternComplaint } from './patterns.ts'

/** Pairs of a pattern and its replacement. */
export const checkProxyRewrite: ConfigCheck = ({ regex_uri: pairs }) => {
  const items = itemsOf(pairs)
  if (items.length % 2 !== 0) return 'The length of regex_uri should be an even number'
  return firstOf(items, (pattern, index) => {
    const complaint = index % 2 === 0 ? patternComplaint(pattern) : undefined
    if (complaint === undefined) return undefined
    return `invalid regex_uri(${String(pattern)}, ${String(items[index + 1])}): ${complaint}`
  })
}

export const checkResponseRewrite: ConfigCheck = ({ body, body_base64: encoded, filters, vars }) => {
  if (encoded === true && typeof body === 'string' && !isReference(body)) {
    if (body === '' || !isBase64(body)) return 'invalid base64 content'
  }
  const complaint = firstOf(itemsOf(filters), (filter) => {
    const regex = isJsonObject(filter) ? filter['regex'] : undefined
    const wrong = patternComplaint(regex)
    return wrong === undefined ? undefined : `regex "${String(regex)}" validation failed: ${wrong}`
  })
  return complaint ?? namedComplaint('vars', vars)
}

export const checkRedirect: ConfigCheck = ({ http_to_https: toHttps, append_query_string: append }) =>
  toHttps === true && append === true
    ? 'only one of `http_to_https` and `append_query_string` can be configured.'
    : undefined
