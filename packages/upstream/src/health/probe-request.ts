// The bytes of a probe (routing.md §10.1): method, path, headers and body as configured.
import type { HealthTarget, HealthWanted } from './view.ts'

const lineBreak = /[\r\n\0]/
const tokenHeader = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/

/** Host header of the probes to a target (routing.md §10.3). */
export function probeHost(wanted: HealthWanted, target: HealthTarget): string {
  return target.hostname || wanted.checks.active.host || target.host
}

/**
 * Headers that would break the request apart are left out. Content-Length is always ours. A second Host or Connection
 * of `req_headers` takes the place of ours.
 */
export function probeRequest(wanted: HealthWanted, target: HealthTarget): Buffer {
  const { http_method, http_path, http_req_body, req_headers = [] } = wanted.checks.active
  const headers = new Map<string, string>()
  const own = ['Connection: close', `Host: ${probeHost(wanted, target)}`]
  for (const line of [...req_headers, ...(wanted.headers ?? []), ...own]) {
    if (!tokenHeader.test(line) || lineBreak.test(line)) continue
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    if (!headers.has(name)) headers.set(name, line)
  }
  headers.delete('transfer-encoding')
  headers.delete('content-length')
  const body = Buffer.from(http_req_body)
  if (body.length > 0) headers.set('content-length', `Content-Length: ${body.length}`)
  const head = `${http_method} ${withQuery(http_path, wanted.query)} HTTP/1.1\r\n${[...headers.values()].join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

function withQuery(path: string, query: string | undefined): string {
  const target = query ? `${path}${path.includes('?') ? '&' : '?'}${query}` : path
  // What is escaped already stays as it is.
  return encodeURI(target.toWellFormed()).replaceAll('%25', '%')
}
