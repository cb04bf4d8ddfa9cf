import { openaiResponses, passthrough } from '@weir/llm'
import { createTestContext, createTestExchange, deliver } from '@weir/plugin-api/harness'
import { describe, expect, test } from 'vitest'
import { asks } from '../moderation/judging.testing.ts'
import { chunk, done, stallingStream, streamOf, usage } from '../moderation/streams.testing.ts'
import { judge, plugin, service } from './moderation.testing.ts'

const check = judge.stream

const withUsage = (content: string) => chunk(content).replace('{"choices"', '{"usage":{},"choices"')

describe('a stream', () => {
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

    test('is judged whole, also where usage comes first or with every piece', async () => {
      await check([usage, withUsage('one'), withUsage(' two'), done], {})
      expect(service.calls.map(({ content }) => content)).toEqual(['one two'])
    })

    test('ends as broken when the service must be heard', async () => {
      service.setFault('fail')
      const result = await check([chunk('kill'), usage, done], { weir: { on_service_error: 'block' } })
      expect(result.ended).toBe('broken')
      expect(result.text).toContain('content moderation is unavailable')
      expect(result.text).not.toContain('[DONE]')
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

  test('is judged in whole portions, however long they may take', async () => {
    const { response, upstream } = stallingStream()
    const { instance } = plugin({
      check_response: true,
      stream_hold_back: true,
      stream_check_mode: 'realtime',
      stream_check_cache_size: 1000,
      stream_check_interval: 1e9,
    })
    const llm = asks('hi', true)
    const result = deliver(response, instance.stage?.(createTestContext({ llm }), response))
    const sink = await upstream
    sink.chunk(Buffer.from(chunk('one')))
    // A timer for an interval that is too long for timers would fire before this one.
    await new Promise((resolve) => void setTimeout(resolve, 20))
    sink.chunk(Buffer.from(chunk(' two') + done))
    sink.end()
    await result
    expect(service.calls.map(({ content }) => content)).toEqual(['one two'])
  })

  test('that cannot be judged passes, or is refused where that is configured', () => {
    const plain = streamOf(['x'], 'text/plain')
    const llm = asks('hi', true)
    const stageOf = (fail_mode: string, response = plain, of = llm) =>
      plugin({ check_response: true, fail_mode }).instance.stage?.(createTestContext({ llm: of }), response)
    expect(stageOf('skip')).toBeUndefined()
    expect(stageOf('warn')).toBeUndefined()
    expect(() => stageOf('error')).toThrow('not in events')
    const unknown = createTestExchange({ protocol: passthrough, body: { stream: true } })
    expect(stageOf('skip', streamOf([]), unknown)).toBeUndefined()
    expect(() => stageOf('error', streamOf([]), unknown)).toThrow('protocol passthrough')
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
