// Each wait on an LLM service has a limit of its own, and streams that bring nothing are failures.
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '@weir/testkit'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { call, hello, streamed } from '../llm-world.testing.ts'
import type { RouteSettings } from '../settings.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const second = await serverOfFile('second')
let first: Server
let answer: (res: ServerResponse) => void
let isOpen = 0

beforeAll(async () => {
  first = createServer((_req, res) => {
    isOpen++
    res.on('close', () => isOpen--)
    answer(res)
  })
  await once(first.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => void first.close())
afterEach(() => until(() => isOpen === 0))

const long = 20_000
const endpoints = (...urls: string[]) => urls.map((endpoint, i) => ({ override: { endpoint }, priority: -i }))
const route = (more: Partial<RouteSettings>) => {
  const { port } = first.address() as AddressInfo
  const instances = endpoints(`http://127.0.0.1:${port}`, second.url)
  return world.route(instances, { timeout: long, fallback_strategy: 'http_5xx', ...more })
}
const stream = (res: ServerResponse, text: string) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  res.flushHeaders()
  res.write(text)
}
const word = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
const asStream = { request: { body: streamed } }

test.each([
  ['no head', () => undefined],
  ['only a head', (res: ServerResponse) => stream(res, ': wait\n\n')],
  [
    'nothing but comments',
    (res: ServerResponse) => {
      stream(res, ': wait\n\n')
      const timer = setInterval(() => res.write(': still\n\n'), 20)
      res.on('close', () => clearInterval(timer))
    },
  ],
])('first_token_timeout: %s in time, and another instance is asked', async (_, serve) => {
  answer = serve
  const result = await call(route({ first_token_timeout: 1000 }), asStream)
  expect(result).toMatchObject({ status: 200, ended: 'complete' })
  expect(result.text).not.toContain(': wait')
  expect(second.requests).toHaveLength(1)
  expect(result.ctx.upstream.attempts).toMatchObject([{ status: 504 }, { status: 200 }])
})

test('first_token_timeout is no limit of the answer as a whole, nor of answers that are no streams', async () => {
  answer = (res) => {
    stream(res, `: hello\n\n`)
    res.write(word)
    setTimeout(() => res.end(last), 1200)
  }
  const result = await call(route({ first_token_timeout: 1000 }), asStream)
  expect(result).toMatchObject({ ended: 'complete', text: `: hello\n\n${word}${last}` })
  answer = (res) => {
    res.writeHead(200, { 'Content-Type': 'application/json' })
    setTimeout(() => res.end('{"choices":[]}'), 250)
  }
  const whole = await call(route({ first_token_timeout: 100 }), { request: { body: hello } })
  expect(whole).toMatchObject({ status: 200, text: '{"choices":[]}' })
})

test('stream_idle_timeout: a stream that stalls is broken off, long before `timeout`', async () => {
  answer = (res) => stream(res, word)
  const result = await call(route({ stream_idle_timeout: 150 }), asStream)
  expect(result).toMatchObject({ status: 200, ended: 'broken' })
  expect(result.text).toContain('stopped in the middle')
  expect(second.requests).toHaveLength(0)
})

test('stream_idle_timeout does not shorten the wait for the first token', async () => {
  answer = (res) => {
    stream(res, '')
    setTimeout(() => res.end(word + last), 400)
  }
  const result = await call(route({ stream_idle_timeout: 100 }), asStream)
  expect(result).toMatchObject({ status: 200, ended: 'complete' })
})

test.each(['', ': wait\n\n'])('a stream of %j and its end is a failure', async (comment) => {
  answer = (res) => {
    stream(res, `${comment}data: [DONE]\n\n`)
    res.end()
  }
  const result = await call(route({}), asStream)
  expect(result).toMatchObject({ status: 200, ended: 'complete' })
  expect(result.text).toContain('Hello')
  expect(second.requests).toHaveLength(1)
})

test('a limit that is longer than any timer can be set to ends no stream', async () => {
  answer = (res) => {
    stream(res, word)
    setTimeout(() => res.end(last), 100)
  }
  const forever = 2 ** 31
  const limits = { timeout: forever, stream_idle_timeout: forever, max_stream_duration_ms: forever }
  const result = await call(route({ first_token_timeout: forever, ...limits }), asStream)
  expect(result).toMatchObject({ ended: 'complete', text: word + last })
})

test('comments that keep a connection alive reach the client at once, before the first token and behind it', async () => {
  const keepAlive = ': OPENROUTER PROCESSING\n\n'
  const pieces = [keepAlive, ':\n\n', word, ': ping\r\n\r\n', keepAlive, last]
  const rest = pieces.slice(1)
  let write: ((text: string) => unknown) | undefined
  answer = (res) => {
    write = (text) => (text === last ? res.end(text) : res.write(text))
    stream(res, keepAlive)
  }
  // The next one is only sent when this one is there.
  const { text, chunks, ended } = await call(route({}), asStream, () => {
    const next = rest.shift()
    if (next !== undefined) write?.(next)
  })
  expect(ended).toBe('complete')
  expect(chunks.map(String)).toEqual(pieces)
  expect(text).toBe(pieces.join(''))
})
