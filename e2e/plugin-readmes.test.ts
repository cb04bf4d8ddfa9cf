// The examples of the plugins' READMEs, typed into a shell: the Admin API takes them, and they take effect.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminKey, startWeir, type Weir } from './world/weir.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, '../packages/plugins/src')

let weir: Weir
/** Stands for the upstream on port 1980. */
let upstream: Server

beforeAll(async () => {
  upstream = createServer((_, response) => response.end('hello from the upstream'))
  await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve))
  weir = await startWeir()
})
afterAll(async () => {
  await weir.stop()
  upstream.close().closeAllConnections()
})

interface Example {
  readonly plugin: string
  /** Separated by empty lines in the README. */
  readonly commands: readonly string[]
}

function examples(): readonly Example[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const readme = readFileSync(join(folder, name, 'README.md'), 'utf8')
      return [...readme.matchAll(/^```sh\n([^]*?)\n```$/gm)].map(([, block = '']) => ({
        plugin: name,
        commands: block.split('\n\n'),
      }))
    })
}

/** What the command prints, status last, with this test's ports. */
async function type(command: string): Promise<{ status: number; body: string }> {
  const local = command
    .replaceAll('127.0.0.1:9180', `127.0.0.1:${weir.adminPort}`)
    .replaceAll('127.0.0.1:9080', `127.0.0.1:${weir.proxyPort}`)
    .replaceAll('127.0.0.1:9091', `127.0.0.1:${weir.metricsPort}`)
    .replaceAll('127.0.0.1:1980', `127.0.0.1:${(upstream.address() as AddressInfo).port}`)
  const providerKeys = Array.from(command.matchAll(/\$([A-Z_]+)/g), ([, name = '']) => [name, 'sk-x'])
  const { stdout } = await run('sh', ['-c', `${local} -sS -w '\\n%{http_code}'`], {
    env: { ...process.env, ...Object.fromEntries(providerKeys), ADMIN_KEY: adminKey },
  })
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

test('every plugin has one', () => {
  const plugins = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'plugin.ts')))
  const shown = examples().map(({ plugin }) => plugin)
  expect(plugins.filter((name) => !shown.includes(name))).toEqual([])
})

interface Applied {
  readonly workers: readonly { readonly revision: number }[]
  readonly rejected: readonly unknown[]
}

/** What the data plane has made of the configuration. */
async function applied(): Promise<Applied> {
  return (await fetch(`http://127.0.0.1:${weir.controlPort}/v1/config`)).json() as Promise<Applied>
}

test.each(examples())('$plugin', async ({ commands }) => {
  for (const command of commands) {
    // Within single quotes the shell would leave a variable's name as it is.
    expect(command).not.toMatch(/: "[^"']*\$[A-Z]/)
    if (command.includes(':9180')) {
      const { status, body } = await type(command)
      expect([200, 201]).toContain(status)
      const { key } = JSON.parse(body) as { key: string }
      const stored = await weir.admin('GET', key.replace('/apisix/', ''))
      const { modifiedIndex } = stored.body as { modifiedIndex: number }
      await until(async () => (await applied()).workers.every(({ revision }) => revision >= modifiedIndex))
      expect(await applied()).toMatchObject({ rejected: [] })
    } else if (/:9091|\/hello/.test(command)) {
      // The others ask what only a provider can answer.
      expect(await type(command)).toMatchObject({ status: 200 })
    }
  }
})
