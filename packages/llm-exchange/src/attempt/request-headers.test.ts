import { parseAddressSet } from '@weir/contract'
import { consumedHeaders } from '@weir/plugin-api'
import { createTestContext } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { requestHeaders } from './request-headers.ts'

const instance = {
  headers: ['authorization', 'Bearer instance', 'content-type', 'application/json'],
  headerNames: new Set(['authorization', 'content-type']),
}

function sent(headers: Record<string, string>, trusted?: string, consumed: string[] = []) {
  const ctx = createTestContext({ request: { headers, body: {}, remoteAddress: '10.0.0.7' } })
  ctx.state.set(consumedHeaders, consumed)
  const parsed = trusted === undefined ? undefined : parseAddressSet([trusted])
  const list = requestHeaders(ctx, instance, undefined, parsed?.ok ? parsed.value : undefined)
  return Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]]] : [])))
}

test('the instance’s credential replaces the client’s, and what authenticated here stays here', () => {
  expect(
    sent({ Authorization: 'Bearer client', apikey: 'k', 'X-Foo': 'bar' }, undefined, ['apikey']),
  ).toEqual({
    'x-foo': 'bar',
    authorization: 'Bearer instance',
    'content-type': 'application/json',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'gateway.test',
    'x-forwarded-port': '9080',
  })
})

test('headers of the connection, and those that it names, are not for the upstream', () => {
  const headers = sent({
    Connection: 'keep-alive, X-Hop',
    'X-Hop': '1',
    TE: 'trailers',
    'Accept-Encoding': 'gzip',
  })
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-hop']))
  expect(headers).not.toHaveProperty('te')
  expect(headers).not.toHaveProperty('accept-encoding')
})

test.each([
  [undefined, 'http', 'gw.test:8443', '8443'],
  ['10.0.0.0/8', 'https', 'api.example.com', '443'],
  ['192.168.0.0/16', 'http', 'gw.test:8443', '8443'],
])('what a client says of itself counts only when it is trusted (%s)', (trusted, scheme, host, port) => {
  const forged = {
    Host: 'gw.test:8443',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'api.example.com',
    'X-Forwarded-Port': '443',
  }
  expect(sent(forged, trusted)).toMatchObject({
    'x-forwarded-proto': scheme,
    'x-forwarded-host': host,
    'x-forwarded-port': port,
  })
})
