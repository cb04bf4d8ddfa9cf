import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createHttpClient, createOrigins, type HttpCall } from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function call(url: string, more: Partial<HttpCall> = {}) {
  const origins = createOrigins()
  cleanups.push(() => origins.close())
  return createHttpClient(origins).call({
    url,
    method: 'POST',
    headers: { 'X-A': 'b' },
    body: 'ping',
    timeoutMs: 2000,
    maxResponseBytes: 1024,
    verifyCertificate: true,
    ...more,
  })
}

test('sends a request and resolves with the whole answer', async () => {
  const origin = await serve((request, response) => {
    response.setHeader(
      'X-Seen',
      `${request.method} ${request.url} ${String(request.headers['x-a'])} ${request.headers.host}`,
    )
    response.setHeader('Set-Cookie', ['a=1', 'b=2'])
    request.pipe(response.writeHead(201))
  })
  const answer = await call(`${origin}/p?q=1`, { headers: { 'x-a': 'b', host: 'other.test' } })
  expect(answer.status).toBe(201)
  expect(answer.body.toString()).toBe('ping')
  expect(answer.headers['x-seen']).toBe('POST /p?q=1 b other.test')
  expect(answer.headers['set-cookie']).toBe('a=1, b=2')
})

test('does not follow redirects', async () => {
  const origin = await serve((_, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  )
  expect(await call(origin)).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
})

test('gives up when the whole call takes too long, before or after the head', async () => {
  const silent = await serve(() => undefined)
  await expect(call(silent, { timeoutMs: 40 })).rejects.toMatchObject({ failure: 'headers_timeout' })
  const slow = await serve((_, response) => {
    const timer = setInterval(() => response.write('.'), 5)
    response.on('close', () => clearInterval(timer))
  })
  await expect(call(slow, { timeoutMs: 1000 })).rejects.toMatchObject({ failure: 'body_timeout' })
})

test('may be given more time than a timer can wait', async () => {
  const origin = await serve((_, response) => void setTimeout(() => response.end('late'), 30))
  expect((await call(origin, { timeoutMs: 2 ** 31 })).body.toString()).toBe('late')
})

test('takes an answer of exactly the allowed size, and none larger', async () => {
  const origin = await serve((request, response) => response.end('x'.repeat(Number(request.url?.slice(1)))))
  expect((await call(`${origin}/1024`)).body.length).toBe(1024)
  await expect(call(`${origin}/1025`)).rejects.toThrow('larger than 1024 bytes')
})

test('ends with its signal, and rejects what is no URL', async () => {
  const origin = await serve(() => undefined)
  const controller = new AbortController()
  const waiting = call(origin, { signal: controller.signal })
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ failure: 'aborted' })
  await expect(call(origin, { signal: controller.signal })).rejects.toMatchObject({ failure: 'aborted' })
  await expect(call('nonsense')).rejects.toMatchObject({ failure: 'protocol' })
  await expect(call('ftp://127.0.0.1')).rejects.toMatchObject({ failure: 'protocol' })
})

test('tells a refused connection', async () => {
  await expect(call('http://127.0.0.1:1')).rejects.toMatchObject({
    name: 'UpstreamError',
    failure: 'connect',
  })
})
