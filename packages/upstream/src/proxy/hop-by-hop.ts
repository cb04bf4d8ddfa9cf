// Headers that concern one connection and are never passed on (RFC 9110 §7.6.1).

const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** What Connection usually says, none of which names a header to be kept. */
const usual = /^\s*(?:close|keep-alive|upgrade)\s*$/i

/** `name`: lower case. */
export function isHopByHop(name: string): boolean {
  return connectionHeaders.has(name)
}

/** The headers (lower case) that a Connection header declares to be its connection's; undefined for none. */
export function namedInConnection(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || usual.test(value)) return undefined
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()))
}
