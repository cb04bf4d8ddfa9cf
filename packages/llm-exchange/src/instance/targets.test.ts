// Checked instances: names become addresses, addresses are checked, and requests go to healthy ones.
import type { HealthCheck } from '@weir/contract'
import { createTestHost } from '@weir/plugin-api/harness'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { createOrigins, createResolver, type HealthView, type HealthWanted } from '@weir/upstream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLlmRoute } from '../route/llm-route.ts'
import { call, createWorld, hello } from '../llm-world.testing.ts'
import type { InstanceSettings } from '../settings.ts'
import { createCheckedTargets } from './targets.ts'

const origins = createOrigins()
let server: LlmServer

beforeAll(async () => {
  server = await startLlmServer()
})
afterAll(async () => {
  await origins.close()
  await server.close()
})

const active = { type: 'http', timeout: 1, concurrency: 10, http_method: 'GET', http_path: '/' } as const
const checks: HealthCheck = { active: { ...active, http_req_body: '', https_verify_certificate: true } }
const transport = {
  timeout: 1000,
  ssl_verify: true,
  keepalive: true,
  keepalive_timeout: 60_000,
  keepalive_pool: 30,
}

function watchedHost(addresses: () => readonly string[], usable: (host: string) => boolean = () => true) {
  const asked: HealthWanted[] = []
  let held = 0
  const host = createTestHost({
    origins,
    resolver: createResolver({
      ask: async () => ({ addresses: [...addresses()], ttlSeconds: 0 }),
      validSeconds: 0,
    }),
    health(wanted): HealthView {
      asked.push(wanted)
      held++
      return {
        isUsable: (index) => usable(wanted.targets[index]?.host ?? ''),
        anyUsable: () => wanted.targets.some((target) => usable(target.host)),
        version: 0,
        report: () => {},
        release: () => held--,
      }
    },
  })
  return { host, asked, held: () => held }
}

test('the request goes to a healthy address, under the name it was configured with', async () => {
  const { host, asked } = watchedHost(
    () => ['127.0.0.9', '127.0.0.1'],
    (address) => address === '127.0.0.1',
  )
  const instances: InstanceSettings[] = [
    {
      name: 'a',
      provider: 'openai-compatible',
      weight: 1,
      priority: 0,
      auth: { header: { Authorization: 'Bearer k' }, query: { v: '1 2' } },
      override: { endpoint: `http://llm.test:${server.port}/chat` },
      checks,
    },
  ]
  const route = createLlmRoute(
    { ...transport, plugin: 'ai-proxy-multi', balancer: {}, instances, max_req_body_size: 1000 },
    host,
  )
  expect(asked).toHaveLength(0)
  for (let i = 0; i < 5; i++) {
    const { status, ctx } = await call(route)
    expect(status).toBe(200)
    expect(ctx.upstream.attempts[0]?.address).toBe(`127.0.0.1:${server.port}`)
  }
  expect(server.requests[0]?.headers['host']).toBe(`llm.test:${server.port}`)
  expect(asked).toMatchObject([
    {
      name: "/apisix/routes/1#plugins['ai-proxy-multi'].instances[0]",
      targets: [
        { host: '127.0.0.1', port: server.port, hostname: 'llm.test' },
        { host: '127.0.0.9', port: server.port, hostname: 'llm.test' },
      ],
      tls: false,
      headers: ['Authorization: Bearer k'],
      query: 'v=1+2',
      label: 'a',
      resource: '/apisix/routes/1',
    },
  ])
})

test('changed addresses are checked anew, the same ones are not', async () => {
  let addresses = ['127.0.0.1', '127.0.0.2']
  const { host, asked, held } = watchedHost(() => addresses)
  const endpoint = { scheme: 'http', host: 'llm.test', port: 80, path: undefined, query: '' } as const
  const resolver = { ...host.resolver, resolve: () => [...addresses] }
  const targets = createCheckedTargets({
    endpoint,
    checks,
    transport,
    host: { ...host, resolver },
    name: 'n',
    label: 'a',
    headers: [],
    query: '',
  })
  expect(targets.anyUsable()).toBe(false)
  await targets.refresh()
  addresses = ['127.0.0.2', '127.0.0.1']
  await targets.refresh()
  expect(asked).toHaveLength(1)
  addresses = ['127.0.0.3']
  await targets.refresh()
  expect(asked).toHaveLength(2)
  expect(targets.choose()).toMatchObject({ address: '127.0.0.3:80', host: 'llm.test' })
  expect(held()).toBe(1)
  targets.dispose()
  expect(held()).toBe(0)
})

test('a name that cannot be resolved is unusable, and an attempt at it says why', async () => {
  const world = createWorld({
    resolver: createResolver({
      ask: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    }),
  })
  const override = { endpoint: 'http://gone.invalid' }
  const alone = world.route([{ checks, override }])
  const result = await call(alone, { request: { body: hello } })
  expect(result).toMatchObject({ status: 500, text: expect.stringContaining('could not be') as string })
  const both = world.route([
    { name: 'gone', priority: 1, checks, override },
    { name: 'here', override: { endpoint: server.url } },
  ])
  expect((await call(both)).ctx.llm?.instance).toBe('here')
  await world.origins.close()
})
