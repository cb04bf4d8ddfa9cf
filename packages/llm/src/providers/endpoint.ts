// The URL of a configuration's `override.endpoint` (contract/ai-plugins.md §6.2).

export interface Endpoint {
  readonly scheme: 'http' | 'https'
  /** Without brackets when it is an IPv6 address. */
  readonly host: string
  readonly port: number
  /** Undefined when the URL has none, which leaves the path to the provider; `/` is a path. */
  readonly path: string | undefined
  /** Without the question mark. */
  readonly query: string
}

const shape =
  /^(?:(https?):\/\/)?(\[[\da-f:.]+\]|[^/?#:@[\]\s]+)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/i

/** Undefined when it is no URL of a host; without a scheme it is https. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = shape.exec(text)
  if (!parts) return undefined
  const [, scheme = 'https', host = '', port, path, query = ''] = parts
  const number = port === undefined ? defaultPort(scheme.toLowerCase()) : Number(port)
  if (number < 1 || number > 65_535) return undefined
  return {
    scheme: scheme.toLowerCase() === 'http' ? 'http' : 'https',
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port: number,
    path,
    query,
  }
}

export function defaultPort(scheme: string): number {
  return scheme === 'http' ? 80 : 443
}

/** `host` or `host:port`, as a Host header has it: without the scheme's own port. */
export function hostHeader({ scheme, host, port }: Pick<Endpoint, 'scheme' | 'host' | 'port'>): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === defaultPort(scheme) ? name : `${name}:${port}`
}
