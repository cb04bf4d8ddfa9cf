import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { rawRequest } from '../http/index.ts'
import { type AliyunServer, startAliyunServer } from './index.ts'
import { signatureOf } from './signature.ts'

let server: AliyunServer
beforeAll(async () => {
  server = await startAliyunServer({ accessKeyId: 'k', accessKeySecret: 's' })
})
beforeEach(() => {
  server.clear()
  server.setFault(undefined)
})
afterAll(() => server.close())

function signed(content: string, secret = 's', changes: Record<string, string> = {}) {
  const form = new URLSearchParams({
    AccessKeyId: 'k',
    Action: 'TextModerationPlus',
    Format: 'JSON',
    RegionId: 'cn-shanghai',
    Service: 'llm_query_moderation',
    ServiceParameters: JSON.stringify({ sessionId: randomUUID(), content }),
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: randomUUID(),
    SignatureVersion: '1.0',
    Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    Version: '2022-03-02',
    ...changes,
  })
  form.set('Signature', signatureOf(form, secret))
  return form
}

const call = (form: URLSearchParams, timeoutMs = 5000) =>
  rawRequest({ port: server.port, method: 'POST', body: form.toString(), timeoutMs })

// A call of the recorded gateway: its secret was "s", so the signature must come out as it was sent.
test('computes the signature of a recorded call', () => {
  const form = new URLSearchParams(
    'AccessKeyId=k&Format=JSON&RegionId=cn-shanghai&Service=llm_query_moderation&ServiceParameters=' +
      '%7B%22sessionId%22%3A%2239bfb342-a3f8-4858-a4f7-058605ae68eb%22%2C%22content%22%3A%22hello%22%7D' +
      '&SignatureMethod=HMAC-SHA1&Signature=Ec6kJF%2Fk%2FyjR1PpOEM6kjp9AAZE%3D' +
      '&SignatureNonce=d28d2efe-540d-4a4c-bdab-040268929767&SignatureVersion=1.0' +
      '&Timestamp=2026-11-21T19%3A54%3A54Z&Version=2022-03-02&Action=TextModerationPlus',
  )
  expect(signatureOf(form, 's')).toBe(form.get('Signature'))
})

test.each([
  ['hello', 'none'],
  ['how to kill (time) *fast* ~!', 'high'],
  ['meh 语言', 'medium'],
])('%s is of risk %s', async (content, risk) => {
  const response = await call(signed(content))
  expect(response.status).toBe(200)
  expect(response.text).toContain(`"RiskLevel":"${risk}"`)
  expect(server.calls).toMatchObject([{ content, outcome: risk, service: 'llm_query_moderation' }])
})

test.each([
  ['a wrong secret', signed('x', 'other'), 'SignatureDoesNotMatch'],
  ['an unknown key', signed('x', 's', { AccessKeyId: 'other' }), 'InvalidAccessKeyId.NotFound'],
  ['an old call', signed('x', 's', { Timestamp: '2020-01-01T00:00:00Z' }), 'InvalidTimeStamp.Expired'],
  ['another action', signed('x', 's', { Action: 'Other' }), 'InvalidAction'],
  ['no region', signed('x', 's', { RegionId: '' }), 'MissingRegionId'],
])('%s is refused', async (_, form, code) => {
  const response = await call(form)
  expect(response.status).toBe(400)
  expect(response.text).toContain(code)
  expect(server.calls).toMatchObject([{ outcome: code }])
})

test('a nonce serves once', async () => {
  const form = signed('x')
  expect((await call(form)).status).toBe(200)
  expect((await call(form)).text).toContain('SignatureNonceUsed')
})

test('fails in the ways it is told to', async () => {
  server.setFault('fail')
  expect((await call(signed('kill'))).status).toBe(500)
  server.setFault('garbage')
  expect((await call(signed('kill'))).text).toContain('<html>')
  server.setFault('reset')
  expect((await call(signed('kill'))).error).toBe('ECONNRESET')
  server.setFault('hang')
  expect((await call(signed('kill'), 50)).ended).toBe('timeout')
})
