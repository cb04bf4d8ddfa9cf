import { until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { ManagerSession } from './manager-session.ts'

const never = new AbortController().signal
const hangs = { read: () => new Promise<undefined>(() => {}), close: () => {} }

test('a read that does not end is given up, and makes room for the next one', async () => {
  const session = new ManagerSession(async () => hangs, 50)
  const reads = Array.from({ length: 20 }, () => session.read('x', never))
  const ends = await Promise.allSettled(reads)
  expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'rejected'))
})

test('reading ends when nobody wants it any longer', async () => {
  const session = new ManagerSession(async () => hangs)
  const closing = new AbortController()
  const read = session.read('x', closing.signal)
  closing.abort(new Error('over'))
  await expect(read).rejects.toThrow('over')
})

test('what could not be opened is opened at the next read; another document closes what was open', async () => {
  let opened = 0
  let closed = 0
  const session = new ManagerSession(async () => {
    opened += 1
    if (opened === 1) throw new Error('not yet')
    return { read: async (name) => ({ name }), close: () => void (closed += 1) }
  })
  await expect(session.read('x', never)).rejects.toThrow('not yet')
  expect(await session.read('x', never)).toEqual({ name: 'x' })
  expect(await session.read('y', never)).toEqual({ name: 'y' })
  expect(opened).toBe(2)
  session.replace(async () => hangs)
  await until(() => closed === 1)
})
