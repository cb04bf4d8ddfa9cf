import { openaiChat } from '@weir/llm'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldBytes } from './held-bytes.ts'
import { StreamRecording } from './recording.ts'

const stream = Buffer.from(
  'data: {"choices":[{"delta":{"content":"ü 语言"}}]}\r\n\r\ndata: {"choices":[]}\n\n: comment\n\ndata: [DONE]\n\n',
)

function record(recording: StreamRecording, pieces: readonly Buffer[]): string {
  let sent = ''
  const out = { push: (bytes: Buffer | string) => void (sent += bytes.toString('latin1')), finish: () => {} }
  for (const piece of pieces) recording.onChunk(piece, out)
  recording.onEnd()
  return Buffer.from(sent, 'latin1').toString()
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))
}

describe('a stream', () => {
  test('is recorded as it passes, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const recording = new StreamRecording(1000, new HeldBytes(1000))
        expect(record(recording, cut(stream, cuts))).toBe(stream.toString())
        expect(recording.recorded(openaiChat)).toEqual({ body: stream.toString(), format: 'sse' })
      }),
    )
  })

  test('is complete only with all of its bytes', () => {
    for (let length = 0; length < stream.length; length++) {
      const recording = new StreamRecording(1000, new HeldBytes(1000))
      record(recording, [stream.subarray(0, length)])
      expect([length, recording.recorded(openaiChat)]).toEqual([length, undefined])
    }
  })

  test.each([
    ['data: [DONE]\n\n: keepalive\n\n', true],
    ['data: [DONE]\r\n\r\n:\n: two\r\n\r\n\n\n:\n\n', true],
    ['data: [DONE]\n\n: keepal', false],
    ['data: [DONE]\n\ndata: {}\n\n: x\n\n', false],
    ['data: [DONE]\n: x\n\n', true],
    [': x\n\n', false],
    ['', false],
    ['\n\n', false],
  ])('%j is complete: %s', (text, isComplete) => {
    const recording = new StreamRecording(1000, new HeldBytes(1000))
    record(recording, [Buffer.from(text)])
    expect(recording.recorded(openaiChat) !== undefined).toBe(isComplete)
  })

  test('with very many comments behind its end holds nobody up', () => {
    const bytes = Buffer.from(`data: [DONE]\n\n${':\n\n'.repeat(300_000)}`)
    const recording = new StreamRecording(bytes.length, new HeldBytes(bytes.length))
    record(recording, [bytes])
    expect(recording.recorded(openaiChat)).toBeDefined()
  })

  test('is kept up to the limit, and passes beyond it', () => {
    const exact = new StreamRecording(stream.length, new HeldBytes(1000))
    record(exact, [stream])
    expect(exact.recorded(openaiChat)).toBeDefined()
    const short = new StreamRecording(stream.length - 1, new HeldBytes(1000))
    expect(record(short, cut(stream, [10]))).toBe(stream.toString())
    expect(short.recorded(openaiChat)).toBeUndefined()
  })

  test('holds memory until it is released, and none when there is no room', () => {
    const memory = new HeldBytes(stream.length)
    const first = new StreamRecording(1000, memory)
    record(first, cut(stream, [10]))
    const second = new StreamRecording(1000, memory)
    expect(record(second, [stream])).toBe(stream.toString())
    expect(second.recorded(openaiChat)).toBeUndefined()
    second.release()
    first.release()
    first.release()
    expect(memory.take(stream.length)).toBe(true)
    expect(memory.take(1)).toBe(false)
  })
})
