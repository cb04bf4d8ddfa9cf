import { expect, test } from 'vitest'
import { hostHeader, parseEndpoint } from './endpoint.ts'

test.each([
  ['https://h', { scheme: 'https', host: 'h', port: 443, path: undefined, query: '' }],
  ['http://h/', { scheme: 'http', host: 'h', port: 80, path: '/', query: '' }],
  ['http://h:81/v1/x?a=1&b=2#f', { scheme: 'http', host: 'h', port: 81, path: '/v1/x', query: 'a=1&b=2' }],
  ['http://[::1]:8/x', { scheme: 'http', host: '::1', port: 8, path: '/x', query: '' }],
  ['h:9?q', { scheme: 'https', host: 'h', port: 9, path: undefined, query: 'q' }],
  ['http://h:0', undefined],
  ['http://', undefined],
  ['http://user@h', undefined],
  ['http://h:x', undefined],
])('%s', (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint)
})

test('a Host header leaves out the usual port', () => {
  expect(hostHeader({ scheme: 'https', host: 'h', port: 443 })).toBe('h')
  expect(hostHeader({ scheme: 'http', host: '::1', port: 8080 })).toBe('[::1]:8080')
})
