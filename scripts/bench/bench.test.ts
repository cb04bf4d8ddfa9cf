import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { median, quantile } from './numbers.ts'
import { type Request, RequestReader } from './request-reader.ts'
import type { Row } from './row.ts'
import { toResult, toTable } from './table.ts'

test('requests cut at any bytes are read the same', () => {
  const sent = Buffer.from(
    'POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello' +
      'POST /burst/3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
  )
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(sent.length)), (cuts) => {
      const requests: Request[] = []
      const reader = new RequestReader((request) => requests.push(request))
      const edges = [0, ...cuts.toSorted((a, b) => a - b), sent.length]
      for (const [i, edge] of edges.entries()) reader.push(sent.subarray(edges[i - 1] ?? 0, edge))
      expect(requests).toEqual([
        { path: '/chat', bodyBytes: 5 },
        { path: '/burst/3', bodyBytes: 0 },
      ])
    }),
  )
})

test('medians and quantiles', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4)
  expect(median([])).toBeNaN()
})

function row(must: Row['must']): Row {
  return { id: 'chat', title: 'a chat', unit: 'µs', must, run: async () => ({ weir: [] }) }
}

describe('verdicts', () => {
  test('by the ratio of medians, or by the figure itself', () => {
    const measured = { reference: [10, 11, 90], weir: [52, 50, 51] }
    expect(toResult(row({ times: 4.8 }), measured)).toMatchObject({ reference: 11, weir: 51, met: true })
    expect(toResult(row({ times: 4.6 }), measured).met).toBe(false)
    expect(toResult(row({ atMost: 51 }), measured).met).toBe(true)
    expect(toResult(row({ atMost: 50 }), measured).met).toBe(false)
  })

  test('what could not be measured is not met', () => {
    expect(toResult(row({ times: 4.8 }), { reference: [10], weir: [] }).met).toBe(false)
    expect(toResult(row({ times: 4.8 }), { weir: [1] }).met).toBe(false)
  })

  test('as a table', () => {
    const table = toTable([toResult(row({ times: 4.8 }), { reference: [10], weir: [123.4], note: 'odd' })])
    expect(table.split('\n')).toEqual([
      '| row  | work   | unit | nginx | weir | × nginx | must  | verdict |     |',
      '| ---- | ------ | ---- | ----- | ---- | ------- | ----- | ------- | --- |',
      '| chat | a chat | µs   | 10.0  | 123  | 12.3    | 4.8 × | MISSED  | odd |',
    ])
  })
})
