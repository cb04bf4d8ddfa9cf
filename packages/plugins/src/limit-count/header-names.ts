// The names of limit-count's headers: the plugin's metadata may give others, and a rule puts its prefix into them.
import { toHeaderName, type QuotaHeaders } from '../token-quota/quota-headers.ts'
import { metadataSchema } from './schema.ts'

/** The names as of the metadata that counts now; there is one document of it. */
export type HeaderNames = (metadata: unknown) => QuotaHeaders

/** `prefix` stands before the first `RateLimit-` of a name; a name without it stays as it is (APISIX). */
export function compileHeaderNames(prefix?: string | number): HeaderNames {
  const withPrefix = (name: string) =>
    toHeaderName(prefix === undefined ? name : name.replace('RateLimit-', () => `${prefix}-RateLimit-`))
  let known: { readonly metadata: unknown; readonly headers: QuotaHeaders } | undefined

  return (metadata) => {
    if (known && known.metadata === metadata) return known.headers
    const parsed = metadataSchema.parse(metadata ?? {})
    const names = parsed.ok ? parsed.value : defaultNames
    const headers = {
      limit: withPrefix(names.limit_header || defaultNames.limit_header),
      remaining: withPrefix(names.remaining_header || defaultNames.remaining_header),
      reset: withPrefix(names.reset_header || defaultNames.reset_header),
    }
    known = { metadata, headers }
    return headers
  }
}

const defaultNames = {
  limit_header: 'X-RateLimit-Limit',
  remaining_header: 'X-RateLimit-Remaining',
  reset_header: 'X-RateLimit-Reset',
}
