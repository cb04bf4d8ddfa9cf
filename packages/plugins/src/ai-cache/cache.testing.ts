// What the tests of this plugin share: a real Redis, and requests to LLMs whose answers are made up.
import { createCounterStores, createLocalCounters } from '@weir/counters'
import { openaiChat, type ClientProtocol, type LlmAnswer } from '@weir/llm'
import type { ByteSink, ByteStream, GatewayResponse, LedgerRecord, LlmExchange } from '@weir/plugin-api'
import {
  createInstance,
  createTestExchange,
  createTestHost,
  runInstance,
  type RunOptions,
  type RunResult,
  type TestHost,
  type TestHostOptions,
} from '@weir/plugin-api/harness'
import { type Redis as RedisServer, startRedis, until } from '@weir/testkit'
import { afterAll } from 'vitest'
import { aiCache } from './plugin.ts'

const server: RedisServer = await startRedis()
const stores = createCounterStores(createLocalCounters())
export const redis = stores.commands({
  policy: 'redis',
  redis_host: server.host,
  redis_port: server.port,
  redis_database: 0,
  redis_timeout: 2000,
  redis_ssl: false,
  redis_ssl_verify: false,
  redis_keepalive_timeout: 60_000,
})

afterAll(async () => {
  stores.close()
  await server.stop()
})

export function cacheHost(options: TestHostOptions = {}): TestHost {
  return createTestHost({ counters: stores, ...options })
}

const here = () => ({ redis_host: server.host, redis_port: server.port })

export interface AskOptions extends RunOptions {
  readonly body?: Readonly<Record<string, unknown>>
  readonly protocol?: ClientProtocol
  readonly exchange?: Partial<LlmExchange>
  /** Default: true. */
  readonly isLlm?: boolean
  readonly reason?: LedgerRecord['reason']
}

type Ask = (text: string, options?: AskOptions) => Promise<RunResult>

/** Requests to one configuration. What stands behind the cache says `answer N`, counting its calls. */
export function createCache(config: object = {}, host: TestHost = cacheHost()) {
  const instance = createInstance(aiCache, { ...here(), ...config }, host)
  let calls = 0
  const upstream = () => answerOf(`answer ${++calls}`)
  const ask: Ask = async (text, options = {}) => {
    const { protocol = openaiChat, body, exchange, reason, isLlm = true, ...run } = options
    const llm = createTestExchange({
      protocol,
      body: { model: 'm', messages: [{ role: 'user', content: text }], ...body },
    })
    const ended = reason ?? (llm.stream ? 'streamed' : 'answered')
    const given: LlmExchange = Object.assign(llm, { ledger: { ...llm.ledger, reason: ended }, ...exchange })
    return runInstance(instance, { log: host.log, upstream, ...(isLlm && { llm: given }), ...run })
  }
  return { ask, host, calls: () => calls }
}

export function answerOf(text: string, more: Partial<GatewayResponse> = {}): GatewayResponse {
  return wholeOf(JSON.stringify({ choices: [{ message: { content: text } }] }), more)
}

export function wholeOf(body: string, more: Partial<GatewayResponse> = {}): GatewayResponse {
  const bytes = Buffer.from(body)
  const answer: LlmAnswer = {
    status: 200,
    bytes,
    json: undefined,
    text: '',
    readText: () => '',
    usage: undefined,
  }
  const headers = ['Content-Type', 'application/json']
  return { status: 200, headers, source: 'upstream', body: bytes, answer, ...more }
}

export function streamOf(pieces: readonly string[], more: Partial<GatewayResponse> = {}): GatewayResponse {
  const headers = ['Content-Type', 'text/event-stream']
  const body: ByteStream = {
    start(sink: ByteSink) {
      for (const piece of pieces) sink.chunk(Buffer.from(piece))
      sink.end()
    },
    pause: () => {},
    resume: () => {},
    abort: () => {},
  }
  return { status: 200, headers, source: 'upstream', body, ...more }
}

/** Asks until the cache answers: storing is behind the answer. */
export async function untilHit(ask: () => Promise<RunResult>): Promise<RunResult> {
  let result: RunResult | undefined
  await until(async () => {
    result = await ask()
    return statusOf(result) === 'HIT'
  })
  if (!result) throw new Error('nothing was asked')
  return result
}

/** What the client is told of the cache. */
export function statusOf(result: RunResult): string | undefined {
  return result.header('x-ai-cache-status') ?? result.ctx.responseHeader('x-ai-cache-status')
}
