import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { activeCheck } from './active-check.testing.ts'
import { probeHost, probeRequest } from './probe-request.ts'
import { type Probe, runProbe } from './probe.ts'
import type { HealthWanted } from './view.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    cleanups.push(() => socket.destroy())
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return (server.address() as AddressInfo).port
}

function probe(port: number, more: Partial<Probe> = {}) {
  const signal = new AbortController().signal
  return runProbe({ host: '127.0.0.1', port, timeoutMs: 5000, request: Buffer.from('x'), ...more }, signal)
}

describe('a probe', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\n', 200],
    ['HTTP/1.0 503\r\n', 503],
    ['HTTP/1.1 429 Too Many Requests\n', 429],
    ['HTTP/1.1 abc\r\n', 0],
    ['SSH-2.0-OpenSSH\r\n', 0],
    ['x'.repeat(2000), 0],
  ])('reads %j as %i', async (bytes, outcome) => {
    expect(
      await probe(await listen((socket) => socket.once('data', () => socket.write(bytes)))),
    ).toMatchObject({ outcome })
  })

  test('reads a status line that comes in pieces', async () => {
    const port = await listen((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 2')
        setImmediate(() => socket.write('04 No Content\r\n'))
      })
    })
    expect(await probe(port)).toEqual({ outcome: 204, reason: 'status 204' })
  })

  test('tells silence, refusal and hanging up apart', async () => {
    expect(await probe(await listen(() => undefined), { timeoutMs: 20 })).toMatchObject({
      outcome: 'timeout',
    })
    expect(await probe(1)).toEqual({ outcome: 'tcp', reason: 'ECONNREFUSED' })
    expect(await probe(await listen((socket) => socket.end()))).toMatchObject({ outcome: 'tcp' })
    expect(
      await probe(await listen((socket) => socket.end()), {
        tls: { serverName: 'a.test', verifyCertificate: false },
      }),
    ).toMatchObject({ outcome: 'tcp' })
  })

  test('without a request is content with a connection', async () => {
    const port = await listen(() => undefined)
    expect(
      await runProbe({ host: '127.0.0.1', port, timeoutMs: 5000 }, new AbortController().signal),
    ).toMatchObject({
      outcome: 'connected',
    })
  })
})

describe('the request of a probe', () => {
  const target = { host: '10.0.0.1', port: 8000, hostname: 'model.test' }
  const wanted = (more: Partial<HealthWanted> = {}, active = activeCheck()): HealthWanted => ({
    name: 'x',
    checks: { active },
    targets: [target],
    tls: false,
    ...more,
  })

  test('has the method, the body with its length, and every header', () => {
    const active = activeCheck({
      http_method: 'POST',
      http_path: '/v1/chat/completions',
      http_req_body: '{"content":"ü"}',
      req_headers: ['Content-Type: application/json', 'X-A:b'],
    })
    const more = { headers: ['Authorization: Bearer k', 'content-type: text/plain'], query: 'api-version=1' }
    expect(probeRequest(wanted(more, active), target).toString()).toBe(
      'POST /v1/chat/completions?api-version=1 HTTP/1.1\r\nContent-Type: application/json\r\nX-A:b\r\n' +
        'Authorization: Bearer k\r\nConnection: close\r\nHost: model.test\r\nContent-Length: 16\r\n\r\n{"content":"ü"}',
    )
  })

  test('is not broken apart by a header or a path', () => {
    const active = activeCheck({
      http_path: '/a b%20c\r\nX: y',
      req_headers: [
        'X: a\r\nEvil: b',
        'no colon',
        'Host: own.test',
        'Content-Length: 99',
        'Transfer-Encoding: chunked',
      ],
    })
    expect(probeRequest(wanted({}, active), target).toString()).toBe(
      'GET /a%20b%20c%0D%0AX:%20y HTTP/1.1\r\nHost: own.test\r\nConnection: close\r\n\r\n',
    )
  })

  test('is addressed to the target’s name, else the configured host, else the address', () => {
    const active = activeCheck({ host: 'configured.test:80' })
    expect(probeHost(wanted(), target)).toBe('model.test')
    expect(probeHost(wanted({}, active), { ...target, hostname: '' })).toBe('configured.test:80')
    expect(probeHost(wanted(), { ...target, hostname: '' })).toBe('10.0.0.1')
  })
})
