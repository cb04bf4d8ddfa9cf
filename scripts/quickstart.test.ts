// The quick start as a user meets it: its own curl lines are run and must show what they say.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, type RunningProcess, startProcess, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
let directory: string
let quickstart: RunningProcess

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-quickstart-'))
  quickstart = await start()
})
afterAll(async () => {
  await quickstart.stop()
  await rm(directory, { recursive: true })
})

async function start(): Promise<RunningProcess> {
  const ports = ['ADMIN', 'PROXY', 'STATUS', 'CONTROL', 'METRICS']
  const env: Record<string, string> = { WEIR_STATE_DIR: directory, WEIR_DEMO_PORT: '0' }
  for (const name of ports) env[`WEIR_${name}_PORT`] = String(await freePort())
  return startProcess({
    command: process.execPath,
    args: [join(import.meta.dirname, 'quickstart.ts'), '--demo'],
    env,
    ready: { output: /no model sees it/ },
  })
}

/** Runs the printed lines that match, as a shell would, and returns what they print. */
async function tryLines(pattern: RegExp): Promise<string[]> {
  const lines = quickstart.stdout
    .split('\n')
    .filter((line) => /^( {3}|Try: )(curl|for) /.test(line) && pattern.test(line))
  const outputs: string[] = []
  for (const line of lines) outputs.push((await run('sh', ['-c', line.replace(/^Try: /, '')])).stdout)
  return outputs
}

test('tells where the admin key is, and only its owner may read it', async () => {
  const [, file = ''] = /The admin key is in (\S+admin\.key)/.exec(quickstart.stdout) ?? []
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await tryLines(/apisix\/admin\/routes/)).toEqual([expect.stringContaining('"total":3')])
})

async function fallbackAnswer(): Promise<string> {
  return (await tryLines(/\/fallback/))[0] ?? ''
}

test('falls back and returns', async () => {
  expect(await fallbackAnswer()).toContain('Hello from mock self-hosted-c')
  const [downC = '', downB = ''] = quickstart.stdout.match(/curl -s -X POST \S+\/_control\/down/g) ?? []
  const up = quickstart.stdout.match(/curl -s -X POST \S+\/_control\/up/g) ?? []
  await run('sh', ['-c', downC])
  await until(async () => (await fallbackAnswer()).includes('self-hosted-b'))
  await run('sh', ['-c', downB])
  await until(async () => (await fallbackAnswer()).includes('cloud'))
  await run('sh', ['-c', up.join('\n')])
  await until(async () => (await fallbackAnswer()).includes('self-hosted-c'))
})

test('a quota runs out', async () => {
  const [output = ''] = await tryLines(/\/quota/)
  expect(output.match(/^\d{3}$/gm)).toEqual(['200', '200', '200', '200', '200', '429'])
  expect(output).toContain('Insufficient token, try in one hour.')
})

test('a prompt is blocked', async () => {
  const [allowed, refused] = await tryLines(/\/moderation/)
  expect(allowed).toContain('Hello from mock')
  expect(refused).toMatch(/Content violates safety guidelines for smart home devices[^]*\n400\n$/)
})

test('keeps its configuration over a restart, and ends on SIGTERM', async () => {
  expect((await quickstart.stop()).signal).toBeNull()
  quickstart = await start()
  expect(await tryLines(/apisix\/admin\/routes/)).toEqual([expect.stringContaining('"total":3')])
})
