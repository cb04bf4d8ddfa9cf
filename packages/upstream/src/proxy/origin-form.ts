// The form of a request target that origin servers expect (RFC 9112 §3.2).

/** Path and query; the absolute form, which clients use towards proxies, loses its origin. */
export function toOriginForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(target)?.[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}
