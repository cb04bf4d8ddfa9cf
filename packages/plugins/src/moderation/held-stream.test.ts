import { bedrockConverseFrames } from './frames.testing.ts'
import { openaiChat, protocolNamed } from '@weir/llm'
import { GatewayError } from '@weir/contract'
import type { ByteSink, GatewayResponse } from '@weir/plugin-api'
import { createTestContext, createTestExchange, deliver } from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { describe, expect, test } from 'vitest'
import { HeldStream, portionWindowBytes } from './held-stream.ts'
import { framingOf, toStage } from './judged-stream.ts'
import { type Moderator, type Outcome, passed, unavailable } from './moderator.ts'
import { chunk, done, stallingStream, streamOf, usage } from './streams.testing.ts'

/** Denies what contains `kill`, and remembers what it was asked. */
function judge(others: Outcome = passed) {
  const asked: string[] = []
  const moderator: Moderator = {
    async check(_ctx, _subject, text) {
      asked.push(text)
      await Promise.resolve()
      return text.includes('kill') ? { is: 'denied', text: 'No.', level: 'high' } : others
    },
  }
  return { asked, moderator }
}

const portions = (bytes: number) => ({
  portion: { bytes, milliseconds: 60_000 },
  marks: false,
  silence: passed,
})
const whole = { portion: undefined, marks: true, silence: passed }

function run(
  response: GatewayResponse,
  moderator: Moderator,
  rules: ConstructorParameters<typeof HeldStream>[1],
  protocol = openaiChat,
  onChunk?: (bytes: Buffer) => void,
) {
  const llm = createTestExchange({ protocol, body: { model: 'm', messages: [], stream: true } })
  const isFramed = framingOf(response) === 'frames'
  const stream = { ctx: createTestContext({ llm }), llm, moderator, isFramed }
  return deliver(response, toStage(new HeldStream(stream, rules), stream), onChunk)
}

/** The answer as the client has it. */
function contentOf(text: string): string {
  const parts = text.match(/"content":("(?:[^"\\]|\\.)*")/g) ?? []
  return parts.map((part) => String(JSON.parse(part.slice('"content":'.length)))).join('')
}

const breaking = (pieces: readonly string[]): GatewayResponse => ({
  ...streamOf([]),
  body: {
    start(sink: ByteSink) {
      for (const piece of pieces) sink.chunk(Buffer.from(piece))
      sink.fail(new GatewayError('upstream_broken', 'broken'))
    },
    pause: () => {},
    resume: () => {},
    abort: () => {},
  },
})

describe('in portions', () => {
  test('nothing passes before its verdict, and everything afterwards as it was', async () => {
    const { asked, moderator } = judge()
    const released: number[] = []
    const pieces = [chunk('1234'), chunk('5678'), chunk('9'), usage, done]
    const result = await run(streamOf(pieces), moderator, portions(8), openaiChat, () =>
      released.push(asked.length),
    )
    expect(result.text).toBe(pieces.join(''))
    expect(asked).toEqual(['12345678', '123456789'])
    expect(released).toEqual([1, 1, 2, 2, 2])
  })

  test('events without text wait for none', async () => {
    const { moderator } = judge()
    const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
    const result = await run(streamOf([role, chunk('kill'), done]), moderator, portions(1000))
    expect(result.text.startsWith(role)).toBe(true)
    expect(contentOf(result.text)).toBe('No.')
  })

  test('a word that is cut in two is seen', async () => {
    const { moderator } = judge()
    const result = await run(streamOf([chunk('I ki'), chunk('ll it'), done]), moderator, portions(1))
    expect(contentOf(result.text)).toBe('I kiNo.')
    expect(result.text.endsWith('data: [DONE]')).toBe(true)
  })

  test('the window is bounded', async () => {
    const { asked, moderator } = judge()
    const padding = `: ${'x'.repeat(portionWindowBytes)}\n`
    await run(streamOf([padding + chunk('a'), chunk('b'), done]), moderator, portions(1000))
    expect(asked).toEqual(['a', 'ab'])
  })

  test('what is old enough is judged although nothing follows; what follows waits for it', async () => {
    const stalling = stallingStream()
    const verdict = Promise.withResolvers<Outcome>()
    const asked: string[] = []
    const moderator: Moderator = {
      check(_ctx, _subject, text) {
        asked.push(text)
        return asked.length === 1 ? verdict.promise : Promise.resolve(passed)
      },
    }
    const rules = { ...portions(1000), portion: { bytes: 1000, milliseconds: 20 } }
    let seen = ''
    const result = run(stalling.response, moderator, rules, openaiChat, (bytes) => {
      seen += bytes.toString()
    })
    const upstream = await stalling.upstream
    upstream.chunk(Buffer.from(chunk('one')))
    await until(() => asked.length === 1)
    upstream.chunk(Buffer.from(chunk(' two')))
    expect(seen).toBe('')
    verdict.resolve(passed)
    await until(() => seen === chunk('one') + chunk(' two'))
    upstream.chunk(Buffer.from(done))
    upstream.end()
    expect((await result).text).toBe(chunk('one') + chunk(' two') + done)
    expect(asked).toEqual(['one', 'one two'])
  })

  test('a verdict that is missing between two events breaks the stream at the next one', async () => {
    const stalling = stallingStream()
    const { asked, moderator } = judge(unavailable)
    const rules = { ...portions(1000), portion: { bytes: 1000, milliseconds: 20 } }
    const result = run(stalling.response, moderator, rules)
    const upstream = await stalling.upstream
    upstream.chunk(Buffer.from(chunk('one')))
    await until(() => asked.length === 1)
    upstream.chunk(Buffer.from(chunk(' two') + done))
    upstream.end()
    const { ended, text } = await result
    expect(ended).toBe('broken')
    expect(text).not.toContain('one')
    expect(text).not.toContain('two')
  })

  test('without a verdict the stream breaks, and nothing of the portion is seen', async () => {
    const { moderator } = judge(unavailable)
    const result = await run(streamOf([chunk('secret'), done]), moderator, portions(1))
    expect(result.ended).toBe('broken')
    expect(result.text).not.toContain('secret')
    expect(result.text).toContain('"error"')
  })

  test('a stream that breaks is judged to where it broke', async () => {
    const { moderator } = judge()
    const error = 'data: {"error":{"message":"broken"}}\n\n'
    const fine = await run(breaking([chunk('fine'), error]), moderator, portions(1000))
    expect(fine).toMatchObject({ ended: 'broken', text: chunk('fine') + error })
    const bad = await run(breaking([chunk('kill'), error]), moderator, portions(1000))
    expect(bad.text).not.toContain('kill')
  })
})

const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`

test('a message of Anthropic’s goes on to its denial', async () => {
  const text = (part: string) =>
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: part } })
  const begins =
    event('message_start', { message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } } }) +
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    text('fine')
  const { moderator } = judge()
  const protocol = protocolNamed('anthropic-messages')
  const result = await run(streamOf([begins, text(' kill')]), moderator, portions(1), protocol)
  expect(result.text.startsWith(begins)).toBe(true)
  const types = [...result.text.slice(begins.length).matchAll(/^event: (.*)$/gm)].map(([, type]) => type)
  expect(types).toEqual([
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(result.text).toContain('"index":1,"delta":{"type":"text_delta","text":"No."}')
  const atOnce = await run(streamOf([text('kill')]), moderator, portions(1), protocol)
  expect(atOnce.text).toContain('event: message_start')
})

describe('whole', () => {
  test('an answer waits behind comments, and is marked from its verdict on', async () => {
    const { asked, moderator } = judge({ is: 'passed', level: 'low' })
    const result = await run(streamOf([chunk('one'), chunk(' two'), usage, done]), moderator, whole)
    const marked = usage.replace('}}\n', '},"risk_level":"low"}\n')
    expect(result.text).toBe(`:\n\n:\n\n${chunk('one')}${chunk(' two')}${marked}${done}`)
    expect(asked).toEqual(['one two'])
  })

  test('a denied answer is replaced', async () => {
    const { moderator } = judge()
    const result = await run(streamOf([chunk('I will'), chunk(' kill'), usage, done]), moderator, whole)
    expect(contentOf(result.text)).toBe('No.')
    expect(result.ended).toBe('complete')
  })

  test('an answer without text is what is configured for it', async () => {
    const { moderator } = judge()
    const silence: Outcome = { is: 'denied', text: 'Nothing.' }
    const result = await run(streamOf([usage, done]), moderator, { ...whole, silence })
    expect(contentOf(result.text)).toBe('Nothing.')
  })
})

test('binary frames are held as events are', async () => {
  const protocol = protocolNamed('bedrock-converse')
  const bytes = bedrockConverseFrames(['I wi', 'll ki', 'll it'])
  const framed = (cut: number) =>
    streamOf([bytes.subarray(0, cut), bytes.subarray(cut)], 'application/vnd.amazon.eventstream')
  const { moderator } = judge()
  const denied = await run(framed(33), moderator, portions(4), protocol)
  expect(denied.text).not.toContain('ll it')
  expect(denied.text).toContain('"text":"No."')
  const kind: Moderator = { check: () => Promise.resolve(passed) }
  const fine = await run(framed(100), kind, whole, protocol)
  expect(Buffer.concat(fine.chunks)).toEqual(bytes)
})
