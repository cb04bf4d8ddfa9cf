import * as fc from 'fast-check'
import { consumedArguments, consumedHeaders, hiddenArguments, secretArguments } from '@weir/plugin-api'
import {
  complaintAbout,
  createTestHost,
  runPlugin,
  testConsumer,
  testConsumers,
  type TestRequest,
} from '@weir/plugin-api/harness'
import { describe, expect, test } from 'vitest'
import { keyAuth } from './plugin.ts'

const jack = { ...testConsumer('jack'), labels: { custom_id: 'c-7' }, credentialId: 'cred-1' }
const consumers = testConsumers({
  'key-auth/secret': { consumer: jack, config: { key: 'secret' } },
  'other/anonymous': { consumer: testConsumer('guest'), config: {} },
})

function run(config: object, request: TestRequest, forwardClientCredentials = false) {
  return runPlugin(keyAuth, config, {
    request,
    host: createTestHost({ consumers, settings: { forwardClientCredentials, trustedAddresses: undefined } }),
  })
}

describe('a known key', () => {
  test('in the header identifies its consumer, whom the upstream is told', async () => {
    const headers = { APIKEY: 'secret', 'X-Consumer-Username': 'root', 'x-consumer-custom-id': 'forged' }
    const { ctx, status } = await run({}, { headers })
    expect(status).toBe(200)
    expect(ctx.consumer).toBe(jack)
    expect(ctx.request.headers).toMatchObject({
      'x-consumer-username': 'jack',
      'x-credential-identifier': 'cred-1',
      'x-consumer-custom-id': 'c-7',
      apikey: 'secret',
    })
    expect(ctx.state.get(consumedHeaders)).toEqual(['apikey'])
  })

  test('in the query serves when the header is absent', async () => {
    const { ctx } = await run({ query: 'k' }, { target: '/?k=secret' })
    expect(ctx.consumer?.username).toBe('jack')
    expect(ctx.state.get(consumedArguments)).toEqual(['k'])
    expect(ctx.state.get(consumedHeaders)).toBeUndefined()
    expect(ctx.state.get(hiddenArguments)).toBeUndefined()
    const wrongHeader = await run({}, { target: '/?apikey=secret', headers: { apikey: 'wrong' } })
    expect(wrongHeader.status).toBe(401)
    expect(wrongHeader.ctx.state.get(secretArguments)).toBeUndefined()
    const wrong = await run({}, { target: '/?apikey=wrong' }, true)
    expect(wrong.ctx.state.get(secretArguments)).toEqual(['apikey'])
  })

  test('is taken out of the request with hide_credentials', async () => {
    const { ctx } = await run({ hide_credentials: true }, { headers: { apikey: 'secret' } })
    expect(ctx.request.header('apikey')).toBeUndefined()
    const inQuery = await run({ hide_credentials: true }, { target: '/?apikey=secret' }, true)
    expect(inQuery.ctx.state.get(hiddenArguments)).toEqual(['apikey'])
  })

  test('goes on to providers where the settings say so', async () => {
    const { ctx } = await run({}, { headers: { apikey: 'secret' } }, true)
    expect(ctx.state.get(consumedHeaders)).toBeUndefined()
  })

  test('of a consumer without credential or custom id removes what the client claimed', async () => {
    const headers = { 'x-credential-identifier': 'forged', 'x-consumer-custom-id': 'forged' }
    const { ctx } = await run({ anonymous_consumer: 'guest' }, { headers })
    expect(ctx.request.header('x-consumer-username')).toBe('guest')
    expect(ctx.request.header('x-credential-identifier')).toBeUndefined()
    expect(ctx.request.header('x-consumer-custom-id')).toBeUndefined()
  })
})

describe('everybody else', () => {
  test.each([
    ['without a key', {}, {}, 'Missing API key in request'],
    ['with an unknown key', {}, { headers: { apikey: 'nope' } }, 'Invalid API key in request'],
    ['with an empty key', {}, { headers: { apikey: '' } }, 'Invalid API key in request'],
    [
      'with a bearer token',
      {},
      { headers: { authorization: 'Bearer secret' } },
      'Missing API key in request',
    ],
    [
      'with a scheme before the key',
      { header: 'Authorization' },
      { headers: { authorization: 'Bearer secret' } },
      'Invalid API key in request',
    ],
    [
      'while the anonymous consumer does not exist',
      { anonymous_consumer: 'x' },
      {},
      'Invalid user authorization',
    ],
  ])('%s is refused', async (_, config, request, message) => {
    const result = await run(config, request)
    expect(result.status).toBe(401)
    expect(result.header('WWW-Authenticate')).toBe('apikey realm="key"')
    expect(result.header('Content-Type')).toBe('text/plain; charset=utf-8')
    expect(result.text).toBe(`{"message":"${message}"}\n`)
  })

  test('is the anonymous consumer where there is one, and keeps what was no credential', async () => {
    const unknown = await run({ anonymous_consumer: 'guest' }, { headers: { apikey: 'nope' } })
    expect(unknown.ctx.consumer?.username).toBe('guest')
    expect(unknown.ctx.state.get(consumedHeaders)).toBeUndefined()
  })

  test('is the anonymous consumer without what was meant to be a key, in either place', async () => {
    const config = { anonymous_consumer: 'guest', hide_credentials: true }
    const { ctx } = await run(config, { target: '/?apikey=no', headers: { apikey: 'nope' } })
    expect(ctx.request.header('apikey')).toBeUndefined()
    expect(ctx.state.get(hiddenArguments)).toEqual(['apikey'])
  })

  test('never passes, whatever the key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (key) => {
        fc.pre(key !== 'secret')
        const { status, ctx } = await run({}, { headers: { apikey: key } })
        expect([status, ctx.consumer]).toEqual([401, undefined])
      }),
      { numRuns: 50 },
    )
  })
})

test('configurations', () => {
  expect(complaintAbout(keyAuth, {})).toBeUndefined()
  expect(complaintAbout(keyAuth, { realm: 'a"b' })).toContain('property "realm" validation failed')
  expect(complaintAbout(keyAuth, { header: 1 })).toContain('property "header" validation failed')
  expect(keyAuth.consumerSchema?.check({})).toBe('property "key" is required')
})
