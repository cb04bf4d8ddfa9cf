// Calls as clients make them: curl, and fetch for what curl would only slow down.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { until } from '@weir/testkit'

const run = promisify(execFile)

export interface CurlAnswer {
  readonly status: number
  readonly body: string
}

/** A curl of a chat with one user message. */
export async function curlChat(
  url: string,
  content: string,
  ...more: readonly string[]
): Promise<CurlAnswer> {
  const body = JSON.stringify({ messages: [{ role: 'user', content }] })
  const args = [
    '-sS',
    '-X',
    'POST',
    url,
    '-H',
    'Content-Type: application/json',
    '-d',
    body,
    '-w',
    '\n%{http_code}',
  ]
  const { stdout } = await run('curl', [...args, ...more])
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

export interface ChatOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
}

export async function chat(url: string, content: string, options: ChatOptions = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: JSON.stringify({ messages: [{ role: 'user', content }], ...options.body }),
    ...(options.signal && { signal: options.signal }),
  })
}

/** Waits until the proxy knows a route: whatever its answer, it is not the 404 of no route. */
export async function untilRouted(url: string): Promise<void> {
  await until(
    async () => {
      const response = await fetch(url, { method: 'POST' })
      return !(response.status === 404 && (await response.text()).includes('404 Route Not Found'))
    },
    { what: `a route for ${url}` },
  )
}

/** The access-log lines so far, once `count` of them are there. */
export async function accessLines(file: string, count: number): Promise<readonly Record<string, unknown>[]> {
  let lines: Record<string, unknown>[] = []
  await until(
    async () => {
      const text = await readFile(file, 'utf8').catch(() => '')
      lines = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      return lines.length >= count
    },
    { what: `${count} access-log lines` },
  )
  return lines
}
