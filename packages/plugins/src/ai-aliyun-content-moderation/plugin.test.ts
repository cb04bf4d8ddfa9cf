import { FrameSplitter, type LlmAnswer, noUsage, passthrough, protocolNamed } from '@weir/llm'
import type { Reply } from '@weir/plugin-api'
import { complaintAbout, createTestContext, createTestExchange } from '@weir/plugin-api/harness'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerOf, asks } from '../moderation/judging.testing.ts'
import { exchangeOf, judge, plugin, secret, service } from './moderation.testing.ts'
import { piecesOf } from './pieces.ts'
import { aiAliyunContentModeration } from './plugin.ts'

const { request } = judge

describe('a prompt', () => {
  test('without risk passes, and its risk level is known', async () => {
    const llm = asks('hello')
    const result = await request(llm)
    expect(result).toMatchObject({ status: 200, text: 'upstream', reply: undefined })
    expect(llm.riskLevel).toBe('none')
    expect(service.calls).toMatchObject([
      { content: 'hello', service: 'llm_query_moderation', outcome: 'none' },
    ])
  })

  test('with risk is answered in the caller’s protocol, with the service’s advice', async () => {
    const llm = asks('how to kill')
    const result = await request(llm)
    expect(result.status).toBe(200)
    expect(result.header('content-type')).toBe('application/json')
    expect(JSON.parse(result.text)).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-x',
      choices: [{ message: { content: 'As an AI I cannot do that.' } }],
      usage: { total_tokens: 0 },
    })
    expect(llm.riskLevel).toBe('high')
  })

  test('is denied with the configured status and text, as a stream to who asked for one', async () => {
    const result = await request(asks('kill', true), { deny_code: 400, deny_message: 'No.' })
    expect(result.status).toBe(400)
    expect(result.header('content-type')).toBe('text/event-stream')
    expect(result.text).toMatch(/^data: \{.*"delta":\{"content":"No\."\}.*\}\n\ndata: \[DONE\]$/)
  })

  test('for a stream of Bedrock’s is denied in its frames, or with the status of an error', async () => {
    const body = { messages: [{ role: 'user', content: [{ text: 'kill' }] }], stream: true }
    const llm = createTestExchange({ protocol: protocolNamed('bedrock-converse'), body })
    const result = await request(llm, { deny_message: 'No.' })
    expect(result.header('content-type')).toBe('application/vnd.amazon.eventstream')
    const events = new FrameSplitter().push(Buffer.concat(result.chunks))
    expect(events.map(({ type }) => type)).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ])
    expect(events[1]?.data).toContain('"text":"No."')
    const failed = await request(llm, { deny_code: 400 })
    expect(JSON.parse(failed.text)).toMatchObject({ stopReason: 'end_turn' })
  })

  test('is denied from the bar on', async () => {
    expect((await request(asks('meh'))).reply).toBeUndefined()
    expect((await request(asks('meh'), { risk_level_bar: 'medium' })).reply).toBeDefined()
    expect((await request(asks('kill'), { risk_level_bar: 'max' })).reply).toBeUndefined()
  })

  test('means the roles and turns that are configured', async () => {
    const messages = [
      { role: 'system', content: 'be nice' },
      { role: 'user', content: 'kill' },
      { role: 'assistant', content: 'no' },
      { role: 'user', content: 'hi' },
    ]
    await request(exchangeOf({ messages }))
    await request(exchangeOf({ messages }), {
      request_check_mode: 'all',
      request_check_roles: ['user', 'system'],
    })
    expect(service.calls.map(({ content }) => content)).toEqual(['hi', 'be nice kill hi'])
  })

  test('that is long is judged in pieces, until the first hit', async () => {
    const result = await request(asks(`${'a'.repeat(10)}kill${'b'.repeat(26)}`), {
      request_check_length_limit: 10,
    })
    expect(result.reply).toBeDefined()
    expect(service.calls.map(({ content }) => content)).toEqual(['a'.repeat(10), `kill${'b'.repeat(6)}`])
    const [first, second] = service.calls
    expect(first?.sessionId).toBe(second?.sessionId)
  })

  test('of blanks is not sent, nor any when requests are not checked', async () => {
    await request(asks(' \n\t'))
    await request(asks('kill'), { check_request: false })
    expect(service.calls).toEqual([])
  })
})

describe('a service that fails', () => {
  test.each(['fail', 'garbage', 'reset', 'hang'] as const)(
    '(%s) lets the prompt pass, visibly',
    async (fault) => {
      service.setFault(fault)
      const result = await request(asks('kill'), { timeout: 50 })
      expect(result.reply).toBeUndefined()
      expect([...result.host.metrics.values.values()]).toEqual([1])
      const lines = JSON.stringify(result.ctx.log)
      expect(lines).toContain('content moderation failed')
      expect(lines).not.toContain(secret)
      expect(lines).not.toContain('kill')
    },
  )

  test('because the secret is wrong says so without it', async () => {
    const result = await request(asks('kill'), { access_key_secret: 'other-secret' })
    expect(result.reply).toBeUndefined()
    expect(service.calls).toMatchObject([{ outcome: 'SignatureDoesNotMatch' }])
    expect(JSON.stringify(result.ctx.log)).not.toContain('other-secret')
  })

  test('holds the prompt up where that is configured', async () => {
    service.setFault('fail')
    const weir = { on_service_error: 'block' }
    expect((await request(asks('hi'), { weir })).reply).toEqual({
      status: 503,
      body: { error_msg: 'content moderation is unavailable' },
    })
    service.setFault(undefined)
    expect((await request(asks('hi'), { weir })).reply).toBeUndefined()
    expect((await request(asks('kill'), { weir })).status).toBe(200)
  })

  test('in one piece does not spare the others', async () => {
    service.setFault('fail')
    await request(asks(`${'a'.repeat(10)}kill`), { request_check_length_limit: 10 })
    expect(service.calls).toHaveLength(2)
  })
})

const unknown = () => createTestExchange({ protocol: passthrough, body: { a: 1 } })

describe('what cannot be judged', () => {
  const noInstance =
    'no ai instance picked, ai-aliyun-content-moderation plugin must be used with ai-proxy or ai-proxy-multi plugin'
  const other = 'protocol passthrough cannot moderate the configured request_check_roles'

  test('passes, or is refused where that is configured', async () => {
    expect((await request(undefined)).reply).toBeUndefined()
    expect((await request(unknown(), { fail_mode: 'warn' })).reply).toBeUndefined()
    expect((await request(undefined, { fail_mode: 'error' })).reply).toEqual({
      status: 500,
      body: noInstance,
    })
    expect((await request(unknown(), { fail_mode: 'error' })).reply).toEqual({ status: 500, body: other })
  })
})

/** The body of a reply that is text. */
function textOf(reply: Reply | undefined): string {
  return typeof reply?.body === 'string' ? reply.body : ''
}

async function checkAnswer(answer: LlmAnswer, config: object = {}) {
  const llm = exchangeOf(
    { messages: [{ role: 'user', content: 'hi' }] },
    { usage: { ...noUsage, raw: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } } },
  )
  const { instance } = plugin({ check_response: true, deny_code: 400, ...config })
  const ctx = createTestContext({ llm })
  await instance.access?.(ctx)
  return instance.llmResponse?.(ctx, answer)
}

describe('a complete answer', () => {
  test('with risk is replaced, and keeps its usage', async () => {
    const reply = await checkAnswer(answerOf('I will kill it'))
    expect(reply).toMatchObject({ status: 400, headers: { 'Content-Type': 'application/json' } })
    expect(JSON.parse(textOf(reply))).toMatchObject({
      choices: [{ message: { content: 'As an AI I cannot do that.' } }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    })
    const [prompt, answer] = service.calls
    expect(answer).toMatchObject({ service: 'llm_response_moderation', content: 'I will kill it' })
    expect(answer?.sessionId).toBe(prompt?.sessionId)
  })

  test('passes without risk, when it is an error, and when answers are not checked', async () => {
    expect(await checkAnswer(answerOf('fine'))).toBeUndefined()
    expect(await checkAnswer(answerOf('kill', 500))).toBeUndefined()
    expect(await checkAnswer(answerOf('kill'), { check_response: false })).toBeUndefined()
  })
})

test('pieces: nothing is lost, none is longer than the limit', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      (text, limit) => {
        const pieces = [...piecesOf(text, limit)]
        expect(pieces.join('')).toBe(text)
        if (Buffer.byteLength(text) <= limit) expect(pieces).toEqual([text])
        else for (const piece of pieces) expect(Array.from(piece).length).toBeLessThanOrEqual(limit)
      },
    ),
  )
})

test('configurations', () => {
  const valid = { endpoint: 'https://a.test', region_id: 'r', access_key_id: 'i', access_key_secret: 's' }
  const complaint = (more: object) => complaintAbout(aiAliyunContentModeration, { ...valid, ...more })
  expect(complaint({})).toBeUndefined()
  expect(complaint({ endpoint: 'green-cip.cn-shanghai.aliyuncs.com' })).toBeUndefined()
  expect(complaint({ endpoint: '$secret://vault/1/aliyun/endpoint' })).toBeUndefined()
  expect(complaint({ endpoint: 'ftp://a.test' })).toBe('endpoint is not an http or https URL')
  expect(complaint({ weir: { on_service_error: 'block' }, stream_hold_back: true })).toBeUndefined()
  expect(complaint({ weir: { on_service_errors: 'block' } })).toBeDefined()
  expect(complaint({ deny_code: 600 })).toContain('property "deny_code" validation failed')
  expect(complaintAbout(aiAliyunContentModeration, {})).toContain('is required')
})
