// Load by wrk, which is cheap enough to run on the same machine.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from '@weir/testkit'

export interface Load {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  /** A folder for wrk's script. */
  readonly directory: string
}

/** Completed requests; rejects when any failed, for then the figure would be of failures. */
export async function runWrk({
  url,
  body,
  headers = {},
  connections,
  seconds,
  directory,
}: Load): Promise<number> {
  const script = join(directory, 'wrk.lua')
  const lines = Object.entries({ 'Content-Type': 'application/json', ...headers }).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  await writeFile(join(directory, 'wrk.body'), body)
  await writeFile(
    script,
    `local file = io.open(${JSON.stringify(join(directory, 'wrk.body'))}, "rb")\n` +
      `wrk.method = "POST"\nwrk.body = file:read("*a")\nfile:close()\n${lines.join('\n')}\n`,
  )
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, url]
  const wrk = await startProcess({ command: 'wrk', args })
  const { code } = await wrk.exited
  const failures = /Non-2xx or 3xx responses: (\d+)/.exec(wrk.stdout)?.[1]
  const socketErrors = /Socket errors: .*/.exec(wrk.stdout)?.[0]
  if (code !== 0 || failures || socketErrors) {
    throw new Error(
      `wrk ${url}: ${failures ? `${failures} answers of failure` : (socketErrors ?? wrk.stderr)}`,
    )
  }
  return Number(/(\d+) requests in/.exec(wrk.stdout)?.[1] ?? 0)
}
