// The lines of docs/clients.md, typed as they stand there but for addresses.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilRouted } from '../world/calls.ts'
import { adminKey, startWeir, type Weir } from '../world/weir.ts'

const run = promisify(execFile)
const page = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8')

let weir: Weir
let llm: LlmServer

beforeAll(async () => {
  ;[weir, llm] = await Promise.all([startWeir(), startLlmServer({ name: 'llm' })])
  for (const command of blocksOf('sh').flatMap((block) => block.split('\n\n'))) {
    // The key is told by the environment.
    if (command.startsWith('ADMIN_KEY=')) continue
    const local = command
      .trim()
      .replaceAll('127.0.0.1:9180', `127.0.0.1:${weir.adminPort}`)
      .replaceAll(/"provider": "\w+"/g, `$&, "override": {"endpoint": "${llm.url}"}`)
    const env = { ...process.env, ADMIN_KEY: adminKey, OPENAI_KEY: 'sk-openai', GEMINI_KEY: 'gemini-key' }
    await run('sh', ['-c', `${local} --silent --show-error --fail`], { env })
  }
  for (const path of ['/v1/none', '/v1beta/none']) await untilRouted(weir.proxyUrl + path)
})
afterAll(async () => {
  await weir.stop()
  await llm.close()
})

function blocksOf(language: string): readonly string[] {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))
  return Array.from(blocks, ([, block = '']) => block)
}

/** By the package that a snippet is about, and what must be in it. */
const snippets = blocksOf('ts').map((code) => ({ code, name: /from '([^']+)'/.exec(code)?.[1] ?? '' }))

test('there is one for every client', () => {
  expect(snippets.map(({ name }) => name)).toEqual([
    'openai',
    '@anthropic-ai/sdk',
    '@ai-sdk/openai',
    '@ai-sdk/openai-compatible',
    '@ai-sdk/anthropic',
    '@langchain/openai',
    '@google/genai',
  ])
})

describe('the example of', () => {
  test.concurrent.each(snippets)('$name', async ({ code }) => {
    const local = code.replaceAll('http://127.0.0.1:9080', weir.proxyUrl)
    // The clients are installed beside the tests.
    const options = { cwd: join(import.meta.dirname, '..') }
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', local], options)
    expect(stdout.trim()).toBe('Hello from mock llm')
  })
})

test('providers get their own keys, never those of the gateway', () => {
  expect(llm.requests).toHaveLength(snippets.length)
  for (const { url, headers } of llm.requests) {
    const key = url.startsWith('/v1beta') ? headers['x-goog-api-key'] : headers['authorization']
    expect(key).toBe(url.startsWith('/v1beta') ? 'gemini-key' : 'Bearer sk-openai')
    expect(JSON.stringify(headers)).not.toContain('team-key')
  }
})
