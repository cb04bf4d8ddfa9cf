import { openaiResponses } from '@weir/llm'
import type { ByteSink, ByteStream, GatewayResponse } from '@weir/plugin-api'
import { createTestContext, createTestExchange, deliver } from '@weir/plugin-api/harness'
import { describe, expect, test } from 'vitest'
import { asks, plugin, service } from './moderation.testing.ts'

const chunk = (content: string) =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`
/** A stream whose pieces are a chunk each. */
class Pieces implements ByteStream {
  readonly #pieces: readonly string[]
  #sink: ByteSink | undefined
  #next = 0
  #flows = false

  constructor(pieces: readonly string[]) {
    this.#pieces = pieces
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    this.resume()
  }

  pause(): void {
    this.#flows = false
  }

  resume(): void {
    this.#flows = true
    while (this.#flows && this.#sink && this.#next <= this.#pieces.length) {
      const piece = this.#pieces[this.#next++]
      if (piece === undefined) this.#sink.end()
      else this.#sink.chunk(Buffer.from(piece))
    }
  }

  abort(): void {
    this.#sink = undefined
  }
}

function streamOf(pieces: readonly string[]): GatewayResponse {
  const headers = ['Content-Type', 'text/event-stream']
  return { status: 200, headers, source: 'upstream', body: new Pieces(pieces) }
}

function check(pieces: readonly string[], config: object, llm = asks('hi', true)) {
  const { instance } = plugin({ check_response: true, check_request: false, ...config })
  const response = streamOf(pieces)
  return deliver(response, instance.stage?.(createTestContext({ llm }), response))
}

describe('a stream', () => {
  const usage =
    'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\n'
  const done = 'data: [DONE]\n\n'

  describe('judged at its end', () => {
    test('passes untouched until its usage is known; from there its events are marked', async () => {
      const llm = asks('hi', true)
      const result = await check([chunk('I will'), chunk(' kill'), usage, done], {}, llm)
      expect(result.text).toBe(
        chunk('I will') +
          chunk(' kill') +
          'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15},' +
          '"risk_level":"high"}\n\n' +
          done,
      )
      expect(result.ended).toBe('complete')
      expect(service.calls).toMatchObject([{ content: 'I will kill', outcome: 'high' }])
      expect(llm.riskLevel).toBe('high')
    })

    test('is judged without usage too, and stays as it is when the service fails', async () => {
      await check([chunk('kill'), done], {})
      expect(service.calls).toMatchObject([{ outcome: 'high' }])
      service.setFault('fail')
      const pieces = [chunk('kill'), usage, done]
      expect((await check(pieces, {})).text).toBe(pieces.join(''))
    })
  })

  describe('judged while it runs', () => {
    const realtime = { stream_check_mode: 'realtime', stream_check_cache_size: 8 }

    test('passes portion by portion', async () => {
      const pieces = [chunk('1234'), chunk('5678'), chunk('9'), usage, done]
      const result = await check(pieces, realtime)
      expect(result.text).toBe(pieces.join(''))
      expect(service.calls.map(({ content }) => content)).toEqual(['12345678', '9'])
    })

    test('is cut off where it offends', async () => {
      const result = await check(
        [chunk('all is'), chunk(' well'), chunk(' to kill'), chunk('!'), done],
        realtime,
      )
      expect(result.text.startsWith(chunk('all is') + chunk(' well'))).toBe(true)
      expect(result.text).not.toContain('kill')
      expect(result.text).toMatch(/"delta":\{"content":"As an AI I cannot do that\."\}.*data: \[DONE\]$/s)
      expect(result).toMatchObject({ status: 200, ended: 'complete' })
    })

    test('is judged after the interval, and at its end', async () => {
      const slow = {
        stream_check_mode: 'realtime',
        stream_check_cache_size: 1000,
        stream_check_interval: 0.1,
      }
      await check([chunk('one'), chunk(' two'), done], slow)
      expect(service.calls.map(({ content }) => content)).toEqual(['one two'])
      service.clear()
      await check([chunk('no end')], slow)
      expect(service.calls.map(({ content }) => content)).toEqual(['no end'])
    })

    test('speaks the caller’s protocol when it is cut off', async () => {
      const llm = createTestExchange({
        protocol: openaiResponses,
        body: { model: 'r', input: 'hi', stream: true },
      })
      const delta =
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"kill it"}\n\n'
      const result = await check([delta], { ...realtime, stream_check_cache_size: 1 }, llm)
      expect(result.text).toContain('event: response.completed')
      expect(result.text).not.toContain('kill it')
    })
  })

  test('is left alone when answers are not checked or the answer is an error', () => {
    const { instance } = plugin()
    const response = streamOf([])
    expect(instance.stage?.(createTestContext({ llm: asks('hi', true) }), response)).toBeUndefined()
    const checked = plugin({ check_response: true }).instance
    const failed = { ...response, status: 500 }
    expect(checked.stage?.(createTestContext({ llm: asks('hi', true) }), failed)).toBeUndefined()
  })
})
