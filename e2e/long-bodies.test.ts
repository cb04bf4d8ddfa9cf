// Prompts and answers of tens of megabytes: they pass whole, and nobody else waits for them.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rawRequest, type RunningProcess, startProcess } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

const mebibyte = 1024 * 1024
/** Under the default of max_req_body_size, and of what an answer may have. */
const longBytes = 60 * mebibyte
/** What plugins change or judge: a template's text grows by a third. */
const promptedBytes = 30 * mebibyte
/** A tenth of what parsing and copying so much at once takes, and ten times what we want ... */
const waitMsMax = 100
/** ... or, where a busy machine makes everything take longer, this share of the whole. */
const waitShareMax = 0.2
const tries = 4

const usage = '{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}'
/** A model server that keeps this process free: it answers with the digest of the prompt, or a long answer. */
const modelProgram = `
  const { createHash } = require('crypto')
  const list = '{"index":1,"embedding":[0.0125,-0.25,3e-5]},'.repeat(${Math.floor(longBytes / 45)})
  const long = '{"object":"list","data":[' + list + '{}],"usage":${usage}}'
  const server = require('http').createServer((request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk) => hash.update(chunk))
    request.on('end', () => {
      const answer = '{"choices":[{"message":{"content":"' + hash.digest('hex') + '"}}],"usage":${usage}}'
      response.setHeader('Content-Type', 'application/json')
      response.end(request.url === '/long' ? long : answer)
    })
  })
  server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))`

const decoration = {
  prepend: [{ role: 'system', content: 'be brief' }],
  append: [{ role: 'user', content: 'end with END' }],
}
const template = { messages: [{ role: 'user', content: 'Read {{text}}' }] }

let weir: Weir
let model: RunningProcess

beforeAll(async () => {
  model = await startProcess({
    command: process.execPath,
    args: ['-e', modelProgram],
    ready: { output: /port \d+/ },
  })
  const url = `http://127.0.0.1:${/port (\d+)/.exec(model.stdout)?.[1]}`
  weir = await startWeir()
  for (const id of ['chat', 'long']) {
    const settings = { provider: 'openai-compatible', auth: {}, override: { endpoint: `${url}/${id}` } }
    await weir.put(`routes/${id}`, { uri: `/${id}`, plugins: { 'ai-proxy': settings } })
    await untilRouted(`${weir.proxyUrl}/${id}`)
  }
  const proxy = { provider: 'openai-compatible', auth: {}, override: { endpoint: `${url}/chat` } }
  const guard = { deny_patterns: ['(?i)forbidden'], match_all_conversation_history: true }
  const prompted = { 'ai-proxy': proxy, 'ai-prompt-guard': guard, 'ai-prompt-decorator': decoration }
  await weir.put('routes/prompted', { uri: '/prompted', plugins: prompted })
  await untilRouted(`${weir.proxyUrl}/prompted`)
  const filled = { 'ai-proxy': proxy, 'ai-prompt-template': { templates: [{ name: 't', template }] } }
  await weir.put('routes/filled', { uri: '/filled', plugins: filled })
  await untilRouted(`${weir.proxyUrl}/filled`)
})
afterAll(async () => {
  await weir.stop()
  await model.stop()
})

/** Sends a file, and tells whether another client had its answers soon meanwhile. */
async function isServedBeside(path: string, file: string, output: string): Promise<boolean> {
  const beganAt = performance.now()
  const type = ['-H', 'Content-Type: application/json', '-H', 'Expect:']
  const sending = await startProcess({
    command: 'curl',
    args: [
      '-sS',
      '-o',
      output,
      '-w',
      '%{http_code}',
      ...type,
      '--data-binary',
      `@${file}`,
      weir.proxyUrl + path,
    ],
  })
  let longest = 0
  while (!sending.exit) {
    const startedAt = performance.now()
    expect((await rawRequest({ port: weir.proxyPort, path: '/nowhere' })).status).toBe(404)
    longest = Math.max(longest, performance.now() - startedAt)
  }
  expect(sending.stdout + sending.stderr).toBe('200')
  return longest < Math.max(waitMsMax, waitShareMax * (performance.now() - beganAt))
}

/** A busy machine makes everybody wait at times, but not every time. */
async function holdsNobodyUp(path: string, file: string, output: string): Promise<boolean> {
  for (let i = 0; i < tries; i++) if (await isServedBeside(path, file, output)) return true
  return false
}

test('a long prompt arrives whole, and holds nobody up', async () => {
  const message = { role: 'user', content: 'Some words of a long conversation. '.repeat(100) }
  const messages = Array.from({ length: Math.floor(longBytes / 3600) }, () => message)
  const prompt = JSON.stringify({ model: 'm', messages })
  const [file, output] = [join(weir.directory, 'prompt.json'), join(weir.directory, 'answer.json')]
  await writeFile(file, prompt)
  expect(await holdsNobodyUp('/chat', file, output)).toBe(true)
  expect(await readFile(output, 'utf8')).toContain(createHash('sha256').update(prompt).digest('hex'))
})

test('a long prompt is decorated and judged, and holds nobody up', async () => {
  const message = { role: 'user', content: 'Some words of a long conversation. '.repeat(100) }
  const messages = Array.from({ length: Math.floor(promptedBytes / 3600) }, () => message)
  const [file, output] = [join(weir.directory, 'prompted.json'), join(weir.directory, 'decorated.json')]
  await writeFile(file, JSON.stringify({ model: 'm', messages }))
  expect(await holdsNobodyUp('/prompted', file, output)).toBe(true)
  const { prepend, append } = decoration
  const decorated = JSON.stringify({ model: 'm', messages: [...prepend, ...messages, ...append] })
  expect(await readFile(output, 'utf8')).toContain(createHash('sha256').update(decorated).digest('hex'))
  const body = JSON.stringify({
    messages: [message, ...messages.slice(0, 100), { role: 'user', content: 'FORBIDDEN' }],
  })
  const headers = { 'Content-Type': 'application/json' }
  const refused = await rawRequest({ port: weir.proxyPort, method: 'POST', path: '/prompted', headers, body })
  expect([refused.status, refused.text]).toEqual([400, '{"message":"Request contains prohibited content"}\n'])
})

test('a template takes in a long text, and holds nobody up', async () => {
  const text = 'Some <words> of "text".\n'.repeat(promptedBytes / 25)
  const [file, output] = [join(weir.directory, 'text.json'), join(weir.directory, 'filled.json')]
  await writeFile(file, JSON.stringify({ template_name: 't', text }))
  expect(await holdsNobodyUp('/filled', file, output)).toBe(true)
  const escaped = text.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const filled = JSON.stringify({ messages: [{ role: 'user', content: `Read ${escaped}` }] })
  expect(await readFile(output, 'utf8')).toContain(createHash('sha256').update(filled).digest('hex'))
})

test('a long answer arrives whole, and holds nobody up', async () => {
  const [file, output] = [join(weir.directory, 'input.json'), join(weir.directory, 'embeddings.json')]
  await writeFile(file, JSON.stringify({ model: 'm', input: 'x' }))
  expect(await holdsNobodyUp('/long', file, output)).toBe(true)
  const answer = JSON.parse(await readFile(output, 'utf8')) as { data: object[]; usage: object }
  expect(answer.data).toHaveLength(Math.floor(longBytes / 45) + 1)
  expect(answer.usage).toMatchObject({ total_tokens: 2 })
})
