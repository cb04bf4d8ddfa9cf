import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAccessLog } from './access-log.ts'
import { type AccessLogEntry, formatAccessLine } from './entry.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-access-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const entry: AccessLogEntry = {
  startedAt: 0,
  requestId: '00ff',
  remoteAddress: '127.0.0.1',
  method: 'POST',
  target: '/v1/chat/completions',
  httpVersion: '1.1',
  host: 'gw.test:9080',
  status: 200,
  bodyBytesSent: 10,
  requestLength: 20,
  durationMs: 12.3456,
  referer: undefined,
  userAgent: 'curl/8',
  routeId: '1',
  serviceId: undefined,
  consumerName: 'jack',
  outcome: 'complete',
  responseSource: 'upstream',
  upstream: {
    addresses: '127.0.0.1:1, 127.0.0.1:2',
    statuses: '500, 200',
    responseMs: 11,
    scheme: 'http',
    host: '127.0.0.1:2',
    uri: '/v1/chat/completions',
  },
  llm: {
    stream: true,
    requestModel: 'gpt-x',
    model: 'gpt-y',
    instance: 'b',
    timeToFirstTokenMs: 3.6,
    upstreamMs: 11.2,
    promptTokens: 10,
    completionTokens: 5,
    totalTokens: 15,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    reasoningTokens: 0,
    usageSource: 'reported',
    attempts: 2,
    endReason: 'streamed',
    quota: [{ account: 'a', level: 'consumer', reserved: 40, charged: 15, window: 60 }],
    hasToolCalls: false,
    toolCount: 0,
    endUser: 'u',
    riskLevel: 'none',
  },
}

const parse = (line: string) => JSON.parse(line) as Record<string, unknown>

describe('a line', () => {
  test('is JSON with the names of the variables', () => {
    const line = formatAccessLine(entry)
    expect(line.endsWith('}\n')).toBe(true)
    expect(parse(line)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      remote_addr: '127.0.0.1',
      http_host: 'gw.test:9080',
      request: 'POST /v1/chat/completions HTTP/1.1',
      status: 200,
      body_bytes_sent: 10,
      request_length: 20,
      request_time: 0.012,
      http_referer: '',
      http_user_agent: 'curl/8',
      apisix_request_id: '00ff',
      route_id: '1',
      service_id: '',
      consumer_name: 'jack',
      outcome: 'complete',
      response_source: 'upstream',
      upstream_addr: '127.0.0.1:1, 127.0.0.1:2',
      upstream_status: '500, 200',
      upstream_response_time: 0.011,
      upstream_scheme: 'http',
      upstream_host: '127.0.0.1:2',
      upstream_uri: '/v1/chat/completions',
      request_type: 'ai_stream',
      request_llm_model: 'gpt-x',
      llm_model: 'gpt-y',
      balancer_ip: 'b',
      llm_time_to_first_token: 4,
      apisix_upstream_response_time: 11,
      llm_prompt_tokens: 10,
      llm_completion_tokens: 5,
      llm_total_tokens: 15,
      llm_cache_read_input_tokens: 0,
      llm_cache_creation_input_tokens: 0,
      llm_reasoning_tokens: 0,
      llm_usage_source: 'reported',
      llm_attempts: 2,
      llm_end_reason: 'streamed',
      llm_quota: [{ account: 'a', level: 'consumer', reserved: 40, charged: 15, window: 60 }],
      llm_stream: true,
      llm_has_tool_calls: false,
      llm_tool_count: 0,
      llm_end_user_id: 'u',
      llm_content_risk_level: 'none',
    })
  })

  test('of other requests has no LLM members', () => {
    const line = parse(formatAccessLine({ ...entry, llm: undefined, upstream: undefined }))
    expect(line['request_type']).toBe('traditional_http')
    expect(
      Object.keys(line).filter((name) => name.startsWith('llm_') || name.startsWith('upstream_')),
    ).toEqual([])
  })

  test('is one line of JSON whatever clients send', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (userAgent, host) => {
        const line = formatAccessLine({ ...entry, userAgent, host })
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(parse(line)).toMatchObject({ http_user_agent: userAgent, http_host: host })
      }),
    )
    expect(formatAccessLine({ ...entry, userAgent: 'x'.repeat(100_000) }).length).toBeLessThan(6000)
  })

  test('shows no credential of the query', () => {
    const target = '/a?apikey=SECRET&b=1&Access_Token=SECRET&my-key=SECRET&token=SECRET'
    const line = formatAccessLine({ ...entry, target, secretArguments: ['my-key'] })
    expect(line).not.toContain('SECRET')
    expect(parse(line)['request']).toBe(
      'POST /a?apikey=***&b=1&Access_Token=***&my-key=***&token=*** HTTP/1.1',
    )
    const upstream = {
      addresses: 'a:1',
      statuses: '200',
      responseMs: 1,
      scheme: 'http',
      host: 'a',
      uri: target,
    }
    expect(formatAccessLine({ ...entry, upstream, secretArguments: ['my-key'] })).not.toContain('SECRET')
  })
})

/** The text of a file of the test's directory. */
const read = (name: string) =>
  existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : ''

describe('the file', () => {
  test('gets every line, in few writes, and its directory is made', async () => {
    const log = createAccessLog({ path: join(directory, 'logs', 'access.log') })
    for (let i = 0; i < 1000; i++) log.write({ ...entry, requestId: `r${i}` })
    await log.close()
    const lines = read('logs/access.log').trimEnd().split('\n')
    const ids = new Set(lines.map((line) => parse(line)['apisix_request_id']))
    expect(ids.size).toBe(1000)
    expect(log).toMatchObject({ failures: 0, dropped: 0 })
  })

  test('gets a lone line within a second or so', async () => {
    const log = createAccessLog({ path: join(directory, 'access.log') })
    log.write(entry)
    await expect.poll(() => read('access.log'), { timeout: 5000 }).toContain('"status":200')
    await log.close()
  })

  test('is opened anew after a rotation', async () => {
    const path = join(directory, 'access.log')
    const log = createAccessLog({ path })
    log.writeLine('before\n')
    renameSync(path, `${path}.1`)
    log.reopen()
    log.writeLine('after\n')
    await log.close()
    expect(read('access.log.1')).toBe('')
    expect(read('access.log')).toBe('before\nafter\n')
  })

  test('has every line, in order, when it is closed while the system is writing', async () => {
    const log = createAccessLog({ path: join(directory, 'access.log') })
    const lines = Array.from({ length: 20 }, (_, i) => `${i} ${'x'.repeat(20_000)}\n`)
    for (const line of lines) log.writeLine(line)
    await log.close()
    log.writeLine('too late\n')
    expect(read('access.log')).toBe(lines.join(''))
    expect(log).toMatchObject({ failures: 0, dropped: 1 })
  })

  test('that cannot be written costs lines, not requests, and is tried again', async () => {
    const path = join(directory, 'access.log')
    mkdirSync(path)
    const messages: string[] = []
    const error = (message: string) => void messages.push(message)
    const log = createAccessLog({ path, log: { debug: error, info: error, warn: error, error } })
    log.writeLine('kept\n')
    expect(log.failures).toBe(1)
    rmSync(path, { recursive: true })
    await expect.poll(() => read('access.log'), { timeout: 5000 }).toBe('kept\n')
    expect(messages).toEqual(['the access log cannot be written'])
    await log.close()
  })

  test('that stays unwritable keeps a bounded backlog', async () => {
    const path = join(directory, 'access.log')
    mkdirSync(path)
    const log = createAccessLog({ path })
    const line = `${'x'.repeat(64 * 1024)}\n`
    for (let i = 0; i < 200; i++) log.writeLine(line)
    expect(log.dropped).toBeGreaterThan(50)
    await log.close()
  })

  test('may be standard output, shared by several threads without lines running into each other', async () => {
    const worker = `
      import { createAccessLog } from ${JSON.stringify(new URL('./access-log.ts', import.meta.url).href)}
      import { Worker, isMainThread, workerData } from 'node:worker_threads'
      if (isMainThread && !workerData) {
        for (const name of ['a', 'b', 'c']) new Worker(new URL(import.meta.url), { workerData: name })
      } else {
        const log = createAccessLog({ path: '/dev/stdout' })
        for (let i = 0; i < 2000; i++) log.writeLine(workerData.repeat(100) + '\\n')
        await log.close()
      }`
    const script = join(directory, 'threads.mjs')
    writeFileSync(script, worker)
    const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 10_000_000 })
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(6000)
    expect(lines.every((line) => /^(?:a{100}|b{100}|c{100})$/.test(line))).toBe(true)
  })
})
