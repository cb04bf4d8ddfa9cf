import { describe, expect, test } from 'vitest'
import { normalizeNodes, parseHostPort } from './index.ts'

describe('nodes', () => {
  test('of both forms become the same list', () => {
    const expected = [
      { host: 'a.com', port: 8080, weight: 1, priority: 0 },
      { host: '::1', port: 80, weight: 0, priority: 0 },
    ]
    expect(normalizeNodes({ 'a.com:8080': 1, '[::1]': 0 })).toEqual(expected)
    expect(
      normalizeNodes([
        { host: 'a.com', port: 8080, weight: 1, priority: 0 },
        { host: '[::1]', weight: 0, priority: 0 },
      ]),
    ).toEqual(expected)
  })

  test.each([
    ['http', 80],
    ['grpc', 80],
    ['https', 443],
    ['grpcs', 443],
  ])('without a port: %s means %d', (scheme, port) => {
    expect(normalizeNodes({ a: 1 }, scheme)).toMatchObject([{ port }])
  })

  test('may be none', () => {
    expect(normalizeNodes(undefined)).toEqual([])
    expect(normalizeNodes({})).toEqual([])
  })

  test.each([
    ['a', 'a', undefined],
    ['a:1', 'a', 1],
    ['[::1]:2', '::1', 2],
    ['[::1]', '::1', undefined],
    ['::1', '::1', undefined],
    ['1.2.3.4:3', '1.2.3.4', 3],
  ])('%s is host %s, port %s', (address, host, port) => {
    expect(parseHostPort(address)).toEqual({ host, port })
  })
})
