import { parseAddressSet } from '@weir/contract'
import { expect, test } from 'vitest'
import { realAddress } from './real-ip.ts'

const parsed = parseAddressSet(['127.0.0.1', '10.0.0.0/8', '::1'])
if (!parsed.ok) throw new Error(parsed.error)
const from = parsed.value

test.each([
  ['127.0.0.1', '9.9.9.9', '9.9.9.9', '9.9.9.9'],
  ['127.0.0.1', '8.8.8.8, 9.9.9.9', '9.9.9.9', '9.9.9.9'],
  ['127.0.0.1', '9.9.9.9, 10.0.0.1', '10.0.0.1', '9.9.9.9'],
  ['10.0.0.2', '10.0.0.3, 10.0.0.1', '10.0.0.1', '10.0.0.3'],
  ['127.0.0.1', 'unknown, 10.0.0.1', '10.0.0.1', '10.0.0.1'],
  ['::1', '2001:db8::1', '2001:db8::1', '2001:db8::1'],
  ['127.0.0.1', 'nonsense', undefined, undefined],
  ['127.0.0.1', '', undefined, undefined],
  ['9.9.9.9', '1.1.1.1', undefined, undefined],
])('of %s that tells %s: %s, recursively %s', (peer, told, last, recursive) => {
  expect(realAddress(peer, told, { header: 'x', from, recursive: false })?.address).toBe(last)
  expect(realAddress(peer, told, { header: 'x', from, recursive: true })?.address).toBe(recursive)
})

test.each([
  ['1.2.3.4:80', '1.2.3.4', 80],
  ['[2001:db8::1]:443', '2001:db8::1', 443],
  ['[2001:db8::1]', '2001:db8::1', 0],
])('%s has a port', (told, address, port) => {
  expect(realAddress('127.0.0.1', told, { header: 'x', from, recursive: false })).toEqual({ address, port })
})
