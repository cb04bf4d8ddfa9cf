// Who may use the Admin API: keys, roles, and how a request shows its key.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface AdminKey {
  /** Undefined never matches: a `${{VAR}}` was read as a number. */
  readonly key: string | undefined
  /** `viewer` may only GET. */
  readonly role: 'admin' | 'viewer'
}

/** Why a request is refused, in the words of `description` (contract: admin-api.md §1.1), or undefined. */
export type KeyCheck = (request: IncomingMessage, query: URLSearchParams) => string | undefined

/** Lets everyone pass, for `admin_key_required: false`. */
export const withoutKeys: KeyCheck = () => undefined

/** Compares in constant time: how long it takes tells nothing about the keys. */
export function checkKeys(keys: readonly AdminKey[]): KeyCheck {
  const known = keys.flatMap(({ key, role }) =>
    key !== undefined && key !== '' ? [{ digest: digestOf(key), viewer: role === 'viewer' }] : [],
  )
  return (request, query) => {
    const shown = shownKey(request, query)
    if (shown === undefined) return 'missing apikey'
    const digest = digestOf(shown)
    let viewer: boolean | undefined
    for (const one of known) {
      if (timingSafeEqual(one.digest, digest)) viewer ??= one.viewer
    }
    if (viewer === undefined) return 'wrong apikey'
    return viewer && request.method !== 'GET' ? 'invalid method for role viewer' : undefined
  }
}

/** The first place that names a key decides, even when another would hold the right one. */
function shownKey(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const argument = query.get('api_key')
  if (argument !== null) return argument
  // nginx hands out both spellings under one name.
  const header = request.headers['x-api-key'] ?? request.headers['x_api_key']
  if (header !== undefined) return Array.isArray(header) ? header[0] : header
  return cookie(request.headers.cookie ?? '', 'x_api_key')
}

function cookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at >= 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
