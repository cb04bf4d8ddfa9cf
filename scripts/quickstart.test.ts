// The quick start as a user meets it: its own curl lines are run and must show what they say.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, type RunningProcess, startProcess, until } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readmeExamples, readmeLogLines } from './readme.ts'

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

/** The lines to type that it printed. */
function printedLines(pattern: RegExp): string[] {
  return quickstart.stdout
    .split('\n')
    .filter((line) => /^( {3}|Try: )(curl|for) /.test(line) && pattern.test(line))
    .map((line) => line.replace(/^( {3}|Try: )/, ''))
}

/** Runs a line as somebody at a terminal does, and returns what it prints. */
async function type(line: string): Promise<string> {
  return (await run('sh', ['-c', line])).stdout
}

async function tryLines(pattern: RegExp): Promise<string[]> {
  const outputs: string[] = []
  for (const line of printedLines(pattern)) outputs.push(await type(line))
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
  const [downC = '', downB = ''] = printedLines(/_control\/down/)
  await type(downC)
  await until(async () => (await fallbackAnswer()).includes('self-hosted-b'))
  await type(downB)
  await until(async () => (await fallbackAnswer()).includes('cloud'))
  await type(printedLines(/_control\/up/).join('\n'))
  await until(async () => (await fallbackAnswer()).includes('self-hosted-c'))
})

/** The same line whatever ports were chosen. */
function anyPort(line: string): string {
  return line.replace(/(127\.0\.0\.1):\d+/, '$1')
}

describe('the README shows', () => {
  test.each(readmeExamples())('$command', async ({ command, output }) => {
    const printed = printedLines(/./).find((line) => anyPort(line) === anyPort(command))
    expect(printed).toBeDefined()
    expect(await type(printed ?? '')).toMatch(output)
  })

  test('what stands in the log then', async () => {
    await until(async () => {
      await fallbackAnswer()
      const written = quickstart.stderr.split('\n')
      return readmeLogLines().every((line) => written.some((one) => line.test(one)))
    })
    await type(printedLines(/_control\/up/).join('\n'))
    await until(async () => (await fallbackAnswer()).includes('self-hosted-c'))
  })
})

test('a quota runs out with the call that does not fit', async () => {
  // What the README's line left of the other consumer's quota does not matter.
  const [line = ''] = printedLines(/\/quota/)
  const output = await type(line.replace('consumer_a_key', 'consumer_c_key'))
  expect(output.match(/^\d{3}$/gm)).toEqual(['200', '200', '429', '429', '429', '429'])
})

test('a prompt is blocked, and another is not', async () => {
  const [allowed, refused] = await tryLines(/\/moderation/)
  expect(allowed).toContain('Hello from mock')
  expect(refused).toMatch(/Content violates safety guidelines for smart home devices[^]*\n400\n$/)
})

test('keeps its configuration over a restart, and ends on SIGTERM', async () => {
  expect((await quickstart.stop()).signal).toBeNull()
  quickstart = await start()
  expect(await tryLines(/apisix\/admin\/routes/)).toEqual([expect.stringContaining('"total":3')])
})
