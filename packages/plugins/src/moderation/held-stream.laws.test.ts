// The laws of holding back, whatever the protocol, and however a stream is cut, breaks off, or is left without verdicts.
import { GatewayError } from '@weir/contract'
import { protocolNamed } from '@weir/llm'
import type { ByteSink, GatewayResponse } from '@weir/plugin-api'
import { createTestContext, createTestExchange, deliver } from '@weir/plugin-api/harness'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldStream, overlapLength } from './held-stream.ts'
import { framingOf, toStage } from './judged-stream.ts'
import { type Moderator, passed, unavailable } from './moderator.ts'
import { heard, spoken } from './spoken.testing.ts'
import { streamOf } from './streams.testing.ts'

const token = fc.oneof(
  fc.constantFrom('k', 'ki', 'll', 'ill', 'kill', ' ', 'is', 'é', '语言', '🙂'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
)
const plan = fc.record({
  tokens: fc.array(token, { maxLength: 30 }),
  /** Undefined holds the whole answer. */
  portionBytes: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  cuts: fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }),
  /** How much of the stream comes before it breaks off; undefined: all of it. */
  comes: fc.option(fc.nat({ max: 2000 }), { nil: undefined }),
  /** The verdict that the service fails to give; undefined: it gives all. */
  failsAt: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
})

/** Nothing that an answer made of tokens would hold. */
const denial = '(this was denied by the test of the law)'

describe.each(spoken)('%s', (name, speak) => {
  test('nothing denied or unjudged is ever seen', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ tokens, portionBytes, cuts, comes, failsAt }) => {
        const asked: string[] = []
        let judgedTo = ''
        const moderator: Moderator = {
          async check(_ctx, _subject, text) {
            await Promise.resolve()
            if (asked.push(text) - 1 === failsAt) return unavailable
            if (text.includes('kill')) return { is: 'denied', text: denial }
            judgedTo = judgedUpTo(judgedTo, text)
            return passed
          },
        }
        const answer = tokens.join('')
        const bytes = speak(tokens)
        const pieces = cutAt(comes === undefined ? bytes : bytes.subarray(0, comes), cuts)
        const contentType = name === 'bedrock-converse' ? 'application/vnd.amazon.eventstream' : undefined
        const response = streamOf(pieces, contentType)
        const protocol = protocolNamed(name)
        const llm = createTestExchange({ protocol, body: { model: 'm', stream: true } })
        const ctx = createTestContext({ llm })
        const stream = { ctx, llm, moderator, isFramed: framingOf(response) === 'frames' }
        const portion = portionBytes === undefined ? undefined : { bytes: portionBytes, milliseconds: 60_000 }
        const held = new HeldStream(stream, { portion, marks: portion === undefined, silence: passed })
        const seen: Buffer[] = []
        let early: string | undefined
        const result = await deliver(
          comes === undefined ? response : breaking(pieces, response),
          toStage(held, stream),
          (part) => {
            seen.push(part)
            // Nothing is ahead of its verdict, at any moment.
            const content = heard(name, seen).replace(denial, '')
            if (!judgedTo.startsWith(content)) early ??= content
          },
        )
        expect(early).toBeUndefined()
        const content = heard(name, result.chunks)
        expect(content).not.toContain('kill')
        expect(result.text).not.toContain('kill')
        const wasDenied = asked.some((one, i) => one.includes('kill') && i !== failsAt)
        const wasRefused = failsAt !== undefined && asked.length > failsAt
        expect(answer.startsWith(wasDenied ? content.replace(denial, '') : content)).toBe(true)
        if (wasDenied) expect(result.ended).toBe('complete')
        else if (wasRefused || comes !== undefined) expect(result.ended).toBe('broken')
        else {
          expect(content).toBe(answer)
          expect(answer).not.toContain('kill')
        }
      }),
      { numRuns: 150 },
    )
  })
})

/** A portion begins with the end of what was judged before. */
function judgedUpTo(before: string, portion: string): string {
  const overlap = Math.min(overlapLength, before.length)
  expect(portion.slice(0, overlap)).toBe(before.slice(before.length - overlap))
  return before + portion.slice(overlap)
}

function breaking(pieces: readonly Buffer[], like: GatewayResponse): GatewayResponse {
  const body = {
    start(sink: ByteSink) {
      for (const piece of pieces) sink.chunk(piece)
      sink.fail(new GatewayError('upstream_broken', 'broken'))
    },
    pause: () => {},
    resume: () => {},
    abort: () => {},
  }
  return { ...like, body }
}

function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set(cuts.filter((cut) => cut < bytes.length))].toSorted((a, b) => a - b)
  return [...places, bytes.length].map((end, at) => bytes.subarray(places[at - 1] ?? 0, end))
}
