// The recorded calls of the standalone modes, and how an answer is compared with one of them.
import { readYaml } from '@weir/contract'
import { rawRequest, type RawResponse } from '@weir/testkit'
import { expect } from 'vitest'
import { readRecorded, type RecordedCall } from '../world/recorded-rows.ts'
import type { Weir } from '../world/weir.ts'

export interface Row extends RecordedCall {
  readonly config: Readonly<Record<string, unknown>>
}

export const rows = readRecorded('standalone.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Row)

/** Keys with which the recordings were made. */
export const recordedKeys = [
  { name: 'admin', key: 'edd1c9f034335f136f87ad84b625c8f1', role: 'admin' },
  { name: 'viewer', key: '4054f7cf07e344346cd3f287985e76a2', role: 'viewer' },
]

/** Asks the server that the path belongs to. Without an Admin API its paths are the proxy's. */
export function call(
  weir: Weir,
  { method, path, headers, body }: Row['request'],
  adminPaths: 'admin' | 'proxy' = 'admin',
  port?: number,
): Promise<RawResponse> {
  const isAdmin = path.startsWith('/apisix/') && adminPaths === 'admin'
  return rawRequest({
    port: port ?? (isAdmin ? weir.adminPort : portOf(weir, path)),
    method,
    path,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  })
}

function portOf(weir: Weir, path: string): number {
  if (path.startsWith('/v1/')) return weir.controlPort
  return path.startsWith('/status') ? weir.statusPort : weir.proxyPort
}

/** Whether the answer is the recorded one; where the statuses differ on purpose, pass the expected one. */
export function expectRecorded(answer: RawResponse, { request, response }: Row): void {
  expect([answer.status, answer.text]).toEqual([response.status, answer.text])
  const isPage = response.headers['Content-Type']?.startsWith('text/html') === true
  for (const [name, value] of Object.entries(response.headers)) {
    const got = answer.header(name)
    if (name === 'X-Last-Modified') expect(Number(got)).toBeGreaterThan(1_700_000_000)
    else if (!isPage && !isStatus(request.path)) expect([name, got]).toEqual([name, value])
  }
  if (!isPage && !request.path.startsWith('/v1/')) {
    expect(comparable(answer.text)).toEqual(comparable(response.body))
  }
}

/** Their type is text/plain; the charset comes from nginx. */
function isStatus(path: string): boolean {
  return path.startsWith('/status')
}

/** JSON and YAML parsed; times, and what is a parser's own wording, made equal. */
function comparable(text: string): unknown {
  const read = readYaml(text)
  const value = read.ok ? read.value : text
  return JSON.parse(JSON.stringify(value, normalized) ?? 'null')
}

function normalized(name: string, value: unknown): unknown {
  if (name === 'X-Last-Modified') return '<time>'
  // YAML of APISIX prints an empty object as an empty list.
  if (Array.isArray(value) && value.length === 0) return {}
  if (typeof value !== 'string' || (name !== 'error_msg' && name !== 'error')) return value
  return value
    .replace(/^(invalid request body: )(?:Expected|Unexpected|Unterminated)[^]*$/, '$1…')
    .replace(/^(invalid content: ).*$/, '$1…')
}
