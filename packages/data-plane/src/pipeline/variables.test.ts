import { rawRequest, until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { entry, routeOf, serve } from './pipeline.testing.ts'

/** The variables as the header filter and the log phase of a proxied request see them. */
async function seenBy(names: readonly string[], headers: Record<string, string> = {}) {
  const seen: Record<string, unknown>[] = []
  const instance = {
    headerFilter: (ctx: { variable(name: string): unknown }) => void seen.push(read(ctx)),
    log: (ctx: { variable(name: string): unknown }) => void seen.push(read(ctx)),
  }
  const read = (ctx: { variable(name: string): unknown }) =>
    Object.fromEntries(names.map((name) => [name, ctx.variable(name)]))
  const route = routeOf([entry('p', 1, instance)], {
    upstream: {
      forward: (ctx) => {
        ctx.upstream.attempts.push({
          address: '10.0.0.1:1980',
          node: '10.0.0.1',
          startedAt: 0,
          status: 500,
          connectMs: 1,
          headerMs: 2,
          responseMs: 3,
        })
        ctx.upstream.node = '10.0.0.1'
        ctx.upstream.unresolvedHost = 'node.test'
        ctx.upstream.answer = { fields: { 'x-theirs': ['a', 'b'] } }
        return Promise.resolve({
          status: 500,
          headers: ['X-Sent', 'c'],
          source: 'upstream' as const,
          body: 'twelve bytes',
        })
      },
    },
  })
  const { port } = await serve(route)
  await rawRequest({ port, headers })
  await until(() => seen.length === 2)
  const [atHeaders = {}, atLog = {}] = seen
  return { atHeaders, atLog }
}

test('of the response, from the header filter on', async () => {
  const names = ['status', 'sent_http_x_sent', 'upstream_http_x_theirs', 'upstream_http_x_sent']
  const { atHeaders, atLog } = await seenBy([...names, 'body_bytes_sent'])
  expect(atHeaders).toMatchObject({
    status: 500,
    sent_http_x_sent: 'c',
    upstream_http_x_theirs: 'a, b',
    upstream_http_x_sent: undefined,
  })
  expect(atLog).toMatchObject({ status: 500, body_bytes_sent: '12' })
})

test('of the node', async () => {
  const { atLog } = await seenBy(['balancer_ip', 'balancer_port', 'upstream_unresolved_host'])
  expect(atLog).toEqual({
    balancer_ip: '10.0.0.1',
    balancer_port: '1980',
    upstream_unresolved_host: 'node.test',
  })
})

test('of the request', async () => {
  const names = ['remote_user', 'content_type', 'server_protocol', 'original_x_forwarded_for', 'time_local']
  const { atLog } = await seenBy(names, {
    Authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}`,
    'Content-Type': 'text/css',
    'X-Forwarded-For': '9.9.9.9, 8.8.8.8',
  })
  expect(atLog).toEqual({
    remote_user: 'ann',
    content_type: 'text/css',
    server_protocol: 'HTTP/1.1',
    original_x_forwarded_for: '9.9.9.9, 8.8.8.8',
    time_local: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/) as unknown,
  })
})
