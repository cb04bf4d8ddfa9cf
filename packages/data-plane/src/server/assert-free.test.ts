import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { assertFree, isAvailable } from './assert-free.ts'

test('a taken address is not free, but the same port for IPv6 is', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => void taken.listen(0, '0.0.0.0', resolve))
  const { port } = taken.address() as AddressInfo
  await expect(assertFree([{ ip: '0.0.0.0', port }])).rejects.toMatchObject({ code: 'EADDRINUSE' })
  if (await isAvailable('::')) await assertFree([{ ip: '::', port }])
  taken.close()
})

test('what this machine has no address for is not available', async () => {
  expect(await Promise.all(['127.0.0.1', '192.0.2.1'].map(isAvailable))).toEqual([true, false])
})
