// Credentials that an instance works out for itself.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { createTestHost } from '@weir/plugin-api/harness'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { createHttpClient, createOrigins, type Origins } from '@weir/upstream'
import { sign } from 'aws4'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAwsSigner } from './aws-signer.ts'
import { type GcpSettings, GcpTokens } from './gcp-tokens.ts'

let server: LlmServer
let origins: Origins
let nowMs: number
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

beforeAll(async () => {
  server = await startLlmServer()
  origins = createOrigins()
})
afterAll(async () => {
  await origins.close()
  await server.close()
})
beforeEach(() => {
  nowMs = Date.now()
  let given = 0
  server.clear()
  server.setScenario(undefined)
  server.setScript(() => ({ body: JSON.stringify({ access_token: `t${++given}`, expires_in: 3600 }) }))
})

function tokens(settings: GcpSettings = {}) {
  const service_account_json = JSON.stringify({
    client_email: 'robot@p',
    private_key_id: 'k1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${server.url}/token`,
  })
  const host = createTestHost({ http: createHttpClient(origins), now: () => nowMs })
  return { tokens: new GcpTokens({ service_account_json, ...settings }, host, true), host }
}

describe('Google', () => {
  test('the assertion is signed by the account, for the token endpoint', async () => {
    await tokens().tokens.authorize()
    const form = new URLSearchParams(server.requests[0]?.body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
      issuer: 'robot@p',
      audience: `${server.url}/token`,
    })
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'k1' })
    expect(payload['scope']).toBe('https://www.googleapis.com/auth/cloud-platform')
  })

  test('a token serves until a minute before it expires, and is asked for once however many need it', async () => {
    const { tokens: one } = tokens()
    const answers = await Promise.all([one.authorize(), one.authorize()])
    expect(answers).toEqual([
      ['authorization', 'Bearer t1'],
      ['authorization', 'Bearer t1'],
    ])
    nowMs += 3_539_000
    expect(one.authorize()).toEqual(['authorization', 'Bearer t1'])
    nowMs += 1000
    expect(await one.authorize()).toEqual(['authorization', 'Bearer t2'])
  })

  test('max_ttl and expire_early_secs bound its use', async () => {
    const { tokens: short } = tokens({ max_ttl: 10 })
    await short.authorize()
    nowMs += 10_000
    expect(await short.authorize()).toEqual(['authorization', 'Bearer t2'])
    const { tokens: late } = tokens({ expire_early_secs: 7200 })
    await late.authorize()
    nowMs += 3_599_000
    expect(late.authorize()).toEqual(['authorization', 'Bearer t3'])
  })

  test.each([
    ['the endpoint refuses', { status: 401 }, {}],
    ['the answer is no token', { body: '{}' }, {}],
    ['the account is no JSON', {}, { service_account_json: 'secret' }],
    ['the key is none', {}, { service_account_json: '{"client_email":"a","private_key":"secret"}' }],
  ])(
    '%s: the client is told no more than that, and the next request asks again',
    async (_, scenario, more) => {
      const { tokens: one, host } = tokens(more)
      server.setScenario(scenario)
      await expect(one.authorize()).rejects.toThrow(
        'failed to get gcp access token: failed to get google oauth token',
      )
      expect(JSON.stringify(host.log)).not.toContain('secret')
      server.setScenario(undefined)
      if (!('service_account_json' in more)) expect(await one.authorize()).toHaveLength(2)
    },
  )
})

describe('Amazon', () => {
  const keys = { access_key_id: 'AKID', secret_access_key: 'secret', session_token: 'session' }
  const request = {
    method: 'POST',
    path: '/model/a.b-v1%3A0/converse',
    host: 'bedrock-runtime.us-east-1.amazonaws.com',
  }

  test('the signature is over the bytes that go out, in one buffer or in pieces', async () => {
    const signer = createAwsSigner(keys, 'us-east-1')
    const whole = new Map(pairs(await signer.authorize({ ...request, body: Buffer.from('{"a":1}') })))
    const pieces = [Buffer.from('{"a"'), Buffer.from(':1}')]
    const cut = new Map(pairs(await signer.authorize({ ...request, body: pieces })))
    const hash = createHash('sha256').update('{"a":1}').digest('hex')
    expect([whole, cut].map((one) => one.get('x-amz-content-sha256'))).toEqual([hash, hash])
    expect(whole.get('x-amz-security-token')).toBe('session')
    expect(whole.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=.*host.*, Signature=[\da-f]{64}$/,
    )
    const again = sign(
      {
        ...request,
        service: 'bedrock',
        region: 'us-east-1',
        headers: {
          'content-type': 'application/json',
          'X-Amz-Date': whole.get('x-amz-date') ?? '',
          'X-Amz-Content-Sha256': whole.get('x-amz-content-sha256') ?? '',
        },
      },
      { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
    )
    expect(whole.get('authorization')).toBe(again.headers?.['Authorization'])
  })
})

function pairs(list: readonly string[]): [string, string][] {
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? '']] : []))
}
