import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { openaiChat, passthrough } from '@weir/llm'
import { complaintAbout, createInstance, createTestExchange } from '@weir/plugin-api/harness'
import { createCertificateAuthority, startComprehendServer } from '@weir/testkit'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  answerOf,
  asks,
  callingHost,
  judging,
  unreadable,
  useService,
} from '../moderation/judging.testing.ts'
import { chunk, done, usage } from '../moderation/streams.testing.ts'
import { aiAwsContentModeration } from './plugin.ts'
import { callsFor } from './segments.ts'

const service = useService(await startComprehendServer())
const comprehend = {
  access_key_id: service.accessKeyId,
  secret_access_key: service.secretAccessKey,
  region: 'us-east-1',
  endpoint: service.url,
}
const disposals: (() => void)[] = []
afterAll(() => {
  for (const dispose of disposals) dispose()
})

function plugin(config: object) {
  const host = callingHost()
  const instance = createInstance(aiAwsContentModeration, { comprehend, ...config }, host)
  disposals.push(() => instance.dispose?.())
  return { host, instance }
}

const { request, answer, stream } = judging(plugin, { check_response: true })

describe('a prompt', () => {
  test('passes without toxicity, all roles and turns judged', async () => {
    const messages = [
      { role: 'system', content: 'be nice' },
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hello' },
      { role: 'user', content: 'bye' },
    ]
    const llm = createTestExchange({ protocol: openaiChat, body: { model: 'm', messages } })
    const result = await request(llm)
    expect(result.reply).toBeUndefined()
    expect(llm.riskLevel).toBe('none')
    expect(service.calls).toEqual([{ language: 'en', segments: ['be nice hi hello bye'] }])
  })

  test('is denied from the threshold on, with the reason', async () => {
    const llm = asks('how to kill')
    const result = await request(llm)
    expect(result.status).toBe(200)
    expect(JSON.parse(result.text)).toMatchObject({
      choices: [{ message: { content: 'request body exceeds toxicity threshold' } }],
    })
    expect(llm.riskLevel).toBe('high')
    expect((await request(asks('kill'), { moderation_threshold: 0.95 })).reply).toBeUndefined()
  })

  test('is denied by category before toxicity, with the configured status and text', async () => {
    const moderation_categories = { PROFANITY: 0.5 }
    const named = await request(asks('damn'), { moderation_categories })
    expect(named.text).toContain('request body exceeds PROFANITY threshold')
    expect((await request(asks('damn'))).reply).toBeUndefined()
    const told = await request(asks('damn', true), {
      moderation_categories,
      deny_code: 400,
      deny_message: 'No.',
    })
    expect(told.status).toBe(400)
    expect(told.header('content-type')).toBe('text/event-stream')
    expect(told.text).toContain('"content":"No."')
  })

  test('that is long is judged in segments, ten in a call, until the first hit', async () => {
    const text = `${'é'.repeat(30)}kill${'b'.repeat(60)}`
    const result = await request(asks(text), { request_check_length_limit: 6 })
    expect(result.reply).toBeDefined()
    expect(service.calls.map(({ segments }) => segments.length)).toEqual([10, 10])
    expect(service.calls[0]?.segments[0]).toBe('ééé')
  })

  test('that cannot be judged is what fail_mode says', async () => {
    expect((await request(undefined)).reply).toBeUndefined()
    expect((await request(undefined, { fail_mode: 'error' })).reply).toEqual({
      status: 500,
      body: 'no ai instance picked, ai-aws-content-moderation plugin must be used with ai-proxy or ai-proxy-multi plugin',
    })
    const other = createTestExchange({ protocol: passthrough, body: { a: 1 } })
    expect((await request(other, { fail_mode: 'error' })).status).toBe(500)
  })
})

describe('answers', () => {
  test('complete ones are replaced', async () => {
    expect(await answer(answerOf('fine'))).toBeUndefined()
    const reply = await answer(answerOf('I kill'), { deny_code: 400 })
    expect(reply?.status).toBe(400)
    expect(reply?.body).toContain('response body exceeds toxicity threshold')
  })

  test('without text are no risk', async () => {
    const calls = 'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]}\n\n'
    const marked = usage.replace('}}\n', '},"risk_level":"none"}\n')
    expect((await stream([calls, usage, done])).text).toBe(calls + marked + done)
    const llm = asks('hi')
    expect(await answer(answerOf(''), {}, llm)).toBeUndefined()
    expect(llm.riskLevel).toBe('none')
    expect(service.calls).toEqual([])
  })

  test('that cannot be read are what fail_mode says', async () => {
    expect(await answer(unreadable)).toBeUndefined()
    const reply = await answer(unreadable, { fail_mode: 'error' })
    expect(reply).toEqual({ status: 500, body: 'the answer is no JSON object' })
    expect(await answer(answerOf(''), { fail_mode: 'error' })).toBeUndefined()
  })

  test('streams are cut off, marked, or held back', async () => {
    const pieces = [chunk('I will'), chunk(' kill'), usage, done]
    const cut = await stream(pieces, { stream_check_mode: 'realtime', stream_check_cache_size: 4 })
    expect(cut.text).toContain('I will')
    expect(cut.text).not.toContain(' kill')
    const marked = await stream(pieces, {})
    expect(marked.text).toContain('"risk_level":"high"')
    const held = await stream(pieces, { stream_hold_back: true })
    expect(held.text).not.toContain('I will')
    expect(held.text).toContain('response body exceeds toxicity threshold')
  })
})

describe('a service that fails', () => {
  test.each([
    ['fail', 'failed to send request to'],
    ['garbage', 'failed to send request to'],
    ['reset', 'failed to send request to'],
    ['empty', 'failed to get moderation results from response'],
  ] as const)('(%s) fails prompts and answers with it', async (fault, reason) => {
    service.setFault(fault)
    const result = await request(asks('kill'))
    expect(result.status).toBe(500)
    expect(result.text).toContain(reason)
    expect([...result.host.metrics.values.values()]).toEqual([1])
    expect(JSON.stringify(result.ctx.log)).not.toContain('kill')
    expect((await answer(answerOf('fine')))?.status).toBe(500)
  })

  const label = { Name: 'PROFANITY', Score: 0.1 }
  test.each([
    ['nothing', [{}, {}]],
    ['no toxicity', [{ Labels: [label] }]],
    ['no labels', [{ Toxicity: 0.1 }]],
    ['a label without a score', [{ Toxicity: 0.1, Labels: [{ Name: 'PROFANITY' }] }]],
  ])('because it says %s is none that judges', async (_, results) => {
    const { request: ask, close } = await answering(results)
    expect((await ask(asks('hi'))).text).toBe('failed to get moderation results from response')
    close()
  })

  test('for some segments is heard about the others', async () => {
    const { request: ask, close } = await answering([{}, { Toxicity: 0.9, Labels: [label] }])
    const result = await ask(asks('12345678'), { request_check_length_limit: 4 })
    expect(result.text).toContain('request body exceeds toxicity threshold')
    close()
  })

  test('in time', async () => {
    service.setFault('hang')
    const result = await request(asks('hi'), { timeout: 300 })
    expect(result.text).toMatch(/^failed to send request to http:\/\/127.0.0.1:\d+: no answer within 300 ms$/)
  })

  test('may take longer than a timer can wait', async () => {
    expect((await request(asks('hi'), { timeout: 2 ** 32 })).reply).toBeUndefined()
  })

  test('because the keys are wrong says so without them', async () => {
    const wrong = { ...comprehend, access_key_id: 'OTHER', secret_access_key: 'other-secret' }
    const result = await request(asks('hi'), { comprehend: wrong })
    expect(result.text).toContain('UnrecognizedClientException')
    expect(JSON.stringify(result.ctx.log) + result.text).not.toContain('other-secret')
  })

  test('lets streams pass, and everything or nothing where that is configured', async () => {
    service.setFault('fail')
    const pieces = [chunk('fine'), usage, done]
    expect((await stream(pieces, {})).text).toBe(pieces.join(''))
    const blocked = await stream(pieces, {
      stream_hold_back: true,
      weir: { on_service_error: 'block' },
    })
    expect(blocked.ended).toBe('broken')
    expect(blocked.text).not.toContain('fine')
    const weir = { on_service_error: 'pass' }
    expect((await request(asks('hi'), { weir })).reply).toBeUndefined()
    expect(await answer(answerOf('fine'), { weir })).toBeUndefined()
  })
})

/** A service that answers everything with these results. */
async function answering(results: readonly object[]) {
  const server = createServer((incoming, response) => {
    incoming.resume()
    incoming.on('end', () => response.end(JSON.stringify({ ResultList: results })))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const at = { comprehend: { ...comprehend, endpoint: `http://127.0.0.1:${port}` } }
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { ...judging((config) => plugin({ ...at, ...config }), { check_response: true }), close }
}

test('the certificate of the service is checked, unless nobody wants that', async () => {
  const authority = await createCertificateAuthority()
  const files = authority.issue('comprehend', 'IP:127.0.0.1')
  const secure = createSecureServer(
    { cert: readFileSync(files.cert), key: readFileSync(files.key) },
    (_, response) => response.end('{"ResultList":[{"Toxicity":0.1,"Labels":[]}]}'),
  )
  await new Promise<void>((resolve) => void secure.listen(0, '127.0.0.1', resolve))
  const { port } = secure.address() as AddressInfo
  const at = { ...comprehend, endpoint: `https://127.0.0.1:${port}` }
  expect((await request(asks('hi'), { comprehend: at })).text).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect((await request(asks('hi'), { comprehend: { ...at, ssl_verify: false } })).reply).toBeUndefined()
  secure.closeAllConnections()
  secure.close()
  await authority.remove()
})

test('segments: nothing is lost, no character is cut, none and no call is larger than it may be', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 3000 }),
      fc.integer({ min: 4, max: 1024 }),
      (text, limit) => {
        const calls = [...callsFor(text, limit)]
        expect(calls.flat().join('')).toBe(text)
        for (const segments of calls) {
          expect(segments.length).toBeLessThanOrEqual(10)
          expect(Buffer.byteLength(segments.join(''))).toBeLessThanOrEqual(10_000)
          for (const segment of segments) expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(limit)
        }
      },
    ),
  )
})

test('configurations', () => {
  const complaint = (more: object) => complaintAbout(aiAwsContentModeration, { comprehend, ...more })
  expect(complaint({})).toBeUndefined()
  expect(complaint({ comprehend: { ...comprehend, endpoint: 'http://' } })).toBe(
    'comprehend.endpoint is not an http or https URL',
  )
  expect(complaint({ comprehend: { ...comprehend, endpoint: '$env://COMPREHEND' } })).toBeUndefined()
  expect(complaint({ moderation_categories: { OTHER: 1 } })).toBeDefined()
  expect(complaint({ request_check_length_limit: 3 })).toContain('request_check_length_limit')
  expect(complaintAbout(aiAwsContentModeration, {})).toContain('is required')
})
