import { freePort, RawExchange, rawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { createResolver } from '../index.ts'
import {
  nodesAt,
  atEnd,
  cleanUp,
  echo,
  type Gateway,
  gateway,
  parseSeen,
  serve,
  serveRaw,
} from './gateway.testing.ts'

afterEach(cleanUp)

/** Resets the connection once something of a request has arrived. */
const resetting = () => serveRaw((socket) => void socket.on('data', () => socket.resetAndDestroy()))
const silent = () => serve((request) => void request.resume())
const garbled = () => serveRaw((socket) => void socket.on('data', () => socket.end('SSH-2.0-none\r\n\r\n')))

/** The statuses of the last request's tries. */
function tries({ records }: Gateway): number[] {
  return records.at(-1)?.attempts.map(({ status }) => status) ?? []
}

/** A node that is first in the balancer's order, and one that answers. */
function preferred(first: number, second: number, more: object = {}) {
  return {
    nodes: [
      { host: '127.0.0.1', port: first, weight: 1, priority: 1 },
      { host: '127.0.0.1', port: second, weight: 1, priority: 0 },
    ],
    ...more,
  }
}

describe('without a node to be had', () => {
  test.each([
    ['no node', { nodes: {} }, 503],
    ['an empty list', { nodes: [] }, 503],
    ['a name without an address', { nodes: { 'nowhere.test:80': 1 } }, 503],
    ['only names without addresses', { nodes: { 'nowhere.test:80': 1, 'nowhere.test:81': 1 } }, 503],
    ['a service to be discovered', { service_name: 's', discovery_type: 'dns' }, 503],
    ['a scheme that is not served', { nodes: { '127.0.0.1:1': 1 }, scheme: 'grpc' }, 503],
    ['an unknown balancer', { nodes: { '127.0.0.1:1': 1, '127.0.0.1:2': 1 }, type: 'magic' }, 500],
    ['an unknown certificate', { nodes: { '127.0.0.1:1': 1 }, tls: { client_cert_id: 'x' } }, 502],
  ])('%s', async (_, document, status) => {
    const gw = await gateway(document)
    expect((await rawRequest({ port: gw.port })).status).toBe(status)
    expect(gw.records[0]?.attempts).toEqual([])
  })

  test('an unknown balancer does not matter to a single node, nor does its weight', async () => {
    const gw = await gateway({ nodes: { [`127.0.0.1:${await echo()}`]: 0 }, type: 'magic' })
    expect((await rawRequest({ port: gw.port })).status).toBe(200)
  })

  test('names without addresses are left out, which is no try', async () => {
    const node = await echo()
    const nodes = { 'nowhere.test:80': 100, [`here.test:${node}`]: 1 }
    const gw = await gateway({ nodes, retries: 0 }, { names: { 'here.test': ['127.0.0.1'] } })
    for (let i = 0; i < 3; i++) expect((await rawRequest({ port: gw.port })).status).toBe(200)
    expect(tries(gw)).toEqual([200])
  })

  test('a name’s addresses are taken by chance', async () => {
    const node = await echo()
    const names = { 'here.test': ['127.0.0.1', '127.0.0.2'] }
    const gw = await gateway({ nodes: { [`here.test:${node}`]: 1 } }, { names, random: () => 0 })
    expect((await rawRequest({ port: gw.port })).status).toBe(200)
    const other = await gateway({ nodes: { [`here.test:${node}`]: 1 } }, { names, random: () => 0.99 })
    await rawRequest({ port: other.port })
    expect(other.records[0]?.attempts).toMatchObject([{ address: `127.0.0.2:${node}` }])
  })
})

describe('a failure is', () => {
  test.each([
    ['502 when refused', freePort, 502, 'upstream_refused'],
    ['502 when reset', resetting, 502, 'upstream_broken'],
    ['502 when not HTTP', garbled, 502, 'upstream_broken'],
    ['504 when silent', silent, 504, 'upstream_timeout'],
  ])('%s, and names no address', async (_, node, status, code) => {
    const timeout = { connect: 5, send: 5, read: 0.5 }
    const port = await node()
    const gw = await gateway({ nodes: nodesAt(port), timeout })
    for (const method of ['GET', 'POST']) {
      const response = await rawRequest({ port: gw.port, method, body: 'x' })
      expect(response.status).toBe(status)
      expect(response.text).not.toContain(String(port))
      expect(gw.errors.at(-1)?.code).toBe(code)
      expect(tries(gw)).toEqual([status])
      expect(gw.records.at(-1)?.attempts[0]).toMatchObject({ address: `127.0.0.1:${port}` })
      expect(gw.records.at(-1)?.attempts[0]?.responseMs).toBeGreaterThanOrEqual(0)
    }
    expect(gw.warnings[0]?.['reason']).toContain(String(port))
  })

  test('timed by the route before the upstream', async () => {
    const gw = await gateway(
      { nodes: nodesAt(await silent()), timeout: { connect: 60, send: 60, read: 60 } },
      { timeout: { connect: 60, send: 60, read: 0.05 } },
    )
    expect((await rawRequest({ port: gw.port })).status).toBe(504)
  })
})

describe('another try', () => {
  test.each(['GET', 'POST', 'PATCH', 'PUT'])('follows a refused %s, body and all', async (method) => {
    const gw = await gateway(preferred(await freePort(), await echo()))
    const body = 'x'.repeat(200_000)
    const response = await rawRequest({ port: gw.port, method, body })
    expect(parseSeen(response.text).body).toBe(body)
    expect(tries(gw)).toEqual([502, 200])
    expect(gw.records[0]?.attempts[0]?.connectMs).toBeUndefined()
    expect(gw.records[0]?.attempts[1]?.connectMs).toBeGreaterThan(0)
  })

  test.each([
    ['GET', 200],
    ['PUT', 200],
    ['DELETE', 200],
    ['POST', 502],
    ['PATCH', 502],
    ['LOCK', 502],
  ])('follows a reset %s unless that might do it twice', async (method, status) => {
    const gw = await gateway(preferred(await resetting(), await echo()))
    const response = await rawRequest({ port: gw.port, method, body: 'hello' })
    expect(response.status).toBe(status)
    if (status === 200) expect(parseSeen(response.text).body).toBe('hello')
    expect(tries(gw)).toEqual(status === 200 ? [502, 200] : [502])
  })

  test('follows silence', async () => {
    const timeout = { connect: 1, send: 1, read: 0.5 }
    const gw = await gateway(preferred(await silent(), await echo(), { timeout }))
    expect((await rawRequest({ port: gw.port })).status).toBe(200)
    expect(tries(gw)).toEqual([504, 200])
  })

  test('does not follow a body of which too much was sent to be kept', async () => {
    const late = await serveRaw((socket) => {
      let bytes = 0
      socket.on('data', (chunk) => {
        bytes += chunk.length
        if (bytes > 200_000) socket.resetAndDestroy()
      })
    })
    const gw = await gateway(preferred(late, await echo()))
    const response = await rawRequest({ port: gw.port, method: 'PUT', body: 'x'.repeat(300_000) })
    expect(response.status).toBe(502)
    expect(tries(gw)).toEqual([502])
  })

  test('does not follow an answer, however bad, nor what is no HTTP', async () => {
    const bad = await serve((_, response) => void response.writeHead(503).end())
    const gw = await gateway(preferred(bad, await echo(), { retries: 5 }))
    expect((await rawRequest({ port: gw.port })).status).toBe(503)
    expect(tries(gw)).toEqual([503])
    gw.use(preferred(await garbled(), await echo()))
    expect((await rawRequest({ port: gw.port })).status).toBe(502)
    expect(tries(gw)).toEqual([502])
  })

  test('is made as often as configured: a single node again, others once each', async () => {
    const refusing = await freePort()
    const gw = await gateway({ nodes: nodesAt(refusing), retries: 2 })
    expect((await rawRequest({ port: gw.port })).status).toBe(502)
    expect(tries(gw)).toEqual([502, 502, 502])
    gw.use(preferred(refusing, await echo(), { retries: 0 }))
    expect((await rawRequest({ port: gw.port })).status).toBe(502)
    gw.use({ nodes: nodesAt(refusing, await freePort()), retries: 9 })
    expect((await rawRequest({ port: gw.port })).status).toBe(502)
    expect(tries(gw)).toEqual([502, 502])
    expect(gw.errors.at(-1)?.message).toBe('failed to find valid upstream server')
  })

  test('is not made when its time is over', async () => {
    const timeout = { connect: 1, send: 1, read: 0.5 }
    const gw = await gateway(preferred(await silent(), await echo(), { retry_timeout: 0.01, timeout }))
    expect((await rawRequest({ port: gw.port })).status).toBe(502)
    expect(gw.errors[0]?.code).toBe('retry_deadline')
    gw.use(preferred(await silent(), await echo(), { retry_timeout: 0, timeout }))
    expect((await rawRequest({ port: gw.port })).status).toBe(200)
  })

  test('takes the Host of its node', async () => {
    const nodes = [
      { host: 'gone.test', port: await freePort(), weight: 1, priority: 1 },
      { host: 'here.test', port: await echo(), weight: 1 },
    ]
    const names = { 'gone.test': ['127.0.0.1'], 'here.test': ['127.0.0.1'] }
    const gw = await gateway({ nodes, pass_host: 'node' }, { names })
    const seen = parseSeen((await rawRequest({ port: gw.port })).text)
    expect(seen.rawHeaders).toContain(`here.test:${nodes[1]?.port}`)
  })

  test('is free when a kept connection was just being closed', async () => {
    let connections = 0
    const node = await serveRaw((socket) => {
      connections += 1
      let requests = 0
      socket.on('data', () => {
        requests += 1
        // Closes at the sight of a second request, as a server whose keep-alive time is over does.
        if (requests > 1) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    expect((await rawRequest({ port: gw.port })).text).toBe('ok')
    expect(await rawRequest({ port: gw.port })).toMatchObject({ status: 200, text: 'ok' })
    expect(tries(gw)).toEqual([502, 200])
    expect(connections).toBe(2)
    // What might be done twice is not sent twice, here neither.
    expect((await rawRequest({ port: gw.port, method: 'POST', body: 'x' })).status).toBe(502)
  })
})

describe('a client that leaves', () => {
  test('ends its try at once, and no other follows', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const node = await serve((request) => {
      arrive()
      request.on('close', close)
    })
    const gw = await gateway(preferred(node, await echo()))
    const controller = new AbortController()
    const asked = fetch(`http://127.0.0.1:${gw.port}/`, { signal: controller.signal }).catch(() => undefined)
    atEnd(() => asked)
    await arrived
    controller.abort()
    await closed
    await until(() => gw.errors.length > 0)
    expect(gw.errors[0]?.code).toBe('client_gone')
    expect(tries(gw)).toEqual([499])
  })

  test('before its turn is not forwarded at all', async () => {
    let calls = 0
    const node = await serve((_, response) => {
      calls += 1
      response.end()
    })
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>()
    const gw = await gateway(
      { nodes: nodesAt(node) },
      {
        plugin: async (ctx) => {
          ctx.onClientGone(leave)
          await gone
        },
      },
    )
    const exchange = new RawExchange({ port: gw.port })
    await until(() => gw.records.length > 0)
    exchange.leave()
    await until(() => gw.errors.length > 0)
    expect(gw.errors[0]?.code).toBe('client_gone')
    expect([calls, tries(gw)]).toEqual([0, []])
  })

  test('while a name is resolved leaves nothing behind', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: addresses, resolve: answer } = Promise.withResolvers<readonly string[]>()
    const resolve = (host: string) => {
      ask()
      return host === 'slow.test' ? addresses : [host]
    }
    const resolver = { ...createResolver(), resolve }
    const node = await echo()
    const nodes = { [`slow.test:${node}`]: 1, [`127.0.0.1:${await freePort()}`]: 0 }
    const gw = await gateway({ nodes, type: 'least_conn' }, { resolver })
    const exchange = new RawExchange({ port: gw.port })
    await asked
    exchange.leave()
    await until(() => gw.errors.length > 0)
    answer(['127.0.0.1'])
    expect((await rawRequest({ port: gw.port })).status).toBe(200)
    expect(gw.records[0]?.attempts).toEqual([])
  })
})
