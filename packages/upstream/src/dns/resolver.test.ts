import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@weir/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseHostsFile } from './hosts-file.ts'
import { createResolver } from './resolver.ts'

let directory = ''
let hostsFile = ''
let clock = 0
let asked: string[] = []
let answers: (() => { addresses: string[]; ttlSeconds: number })[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-hosts-'))
  hostsFile = join(directory, 'hosts')
  writeFileSync(hostsFile, '')
  clock = 0
  asked = []
  answers = []
})
afterEach(() => rmSync(directory, { recursive: true }))

function resolver(validSeconds?: number) {
  return createResolver({
    hostsFile,
    validSeconds,
    now: () => clock,
    ask: async (name) => {
      asked.push(name)
      const answer = answers.shift()
      if (!answer) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      return answer()
    },
  })
}

const one = (address: string, ttlSeconds: number) => () => ({ addresses: [address], ttlSeconds })
const silent = () => {
  throw Object.assign(new Error('no answer'), { code: 'ETIMEOUT' })
}

test('a hosts file: names in any case, several per line, comments, IPv4 first', () => {
  const names = parseHostsFile(
    '::1 Localhost\n127.0.0.1\tlocalhost me # local\n# 1.1.1.1 x\nbad line\n\n1.2.3.4 me',
  )
  expect(names.get('localhost')).toEqual(['127.0.0.1', '::1'])
  expect(names.get('me')).toEqual(['127.0.0.1', '1.2.3.4'])
  expect(names.size).toBe(2)
})

test('addresses are their own answer', async () => {
  const { resolve } = resolver()
  expect(resolve('10.0.0.1')).toEqual(['10.0.0.1'])
  expect(resolve('[::1]')).toEqual(['::1'])
  expect(asked).toEqual([])
})

test('the hosts file comes first and is read again when it changed', async () => {
  writeFileSync(hostsFile, '10.0.0.1 a.test')
  const { resolve } = resolver()
  expect(resolve('A.test')).toEqual(['10.0.0.1'])
  writeFileSync(hostsFile, '10.0.0.2 a.test')
  utimesSync(hostsFile, 1, 1)
  clock = 5001
  expect(resolve('a.test')).toEqual(['10.0.0.2'])
  expect(asked).toEqual([])
})

test('an answer holds for its time to live, and is synchronous meanwhile', async () => {
  answers = [one('10.0.0.1', 5), one('10.0.0.2', 5)]
  const { resolve } = resolver()
  expect(await resolve('a.test')).toEqual(['10.0.0.1'])
  clock = 4999
  expect(resolve('a.test')).toEqual(['10.0.0.1'])
  clock = 5000
  expect(await resolve('a.test')).toEqual(['10.0.0.2'])
})

test('a configured time replaces the record’s', async () => {
  answers = [one('10.0.0.1', 5), one('10.0.0.2', 5)]
  const { resolve } = resolver(60)
  await resolve('a.test')
  clock = 59_000
  expect(resolve('a.test')).toEqual(['10.0.0.1'])
})

test('simultaneous questions are one', async () => {
  answers = [one('10.0.0.1', 5)]
  const { resolve } = resolver()
  expect(await Promise.all([resolve('a.test'), resolve('a.test')])).toEqual([['10.0.0.1'], ['10.0.0.1']])
  expect(asked).toEqual(['a.test'])
})

test('a missing name is remembered for a second', async () => {
  const { resolve } = resolver()
  await expect(resolve('a.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(resolve('a.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  expect(asked.length).toBe(1)
  clock = 1000
  answers = [one('10.0.0.1', 5)]
  expect(await resolve('a.test')).toEqual(['10.0.0.1'])
})

test('old addresses serve on while the name servers are silent, but not when the name is gone', async () => {
  answers = [one('10.0.0.1', 5), silent]
  const { resolve } = resolver()
  await resolve('a.test')
  clock = 6000
  expect(await resolve('a.test')).toEqual(['10.0.0.1'])
  // From now on nobody waits: the next question is asked beside the answer.
  expect(resolve('a.test')).toEqual(['10.0.0.1'])
  await until(() => asked.length === 3)
  await expect(resolve('a.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

test('old addresses serve for five minutes at most', async () => {
  answers = [one('10.0.0.1', 5), silent, silent]
  const { resolve } = resolver()
  await resolve('a.test')
  clock = 304_999
  await resolve('a.test')
  clock = 305_000
  await expect(Promise.resolve(resolve('a.test'))).rejects.toMatchObject({ code: 'ETIMEOUT' })
})

test('sockets ask for one address or for all', async () => {
  answers = [() => ({ addresses: ['10.0.0.1', '10.0.0.2'], ttlSeconds: 5 })]
  const { lookup } = resolver()
  const all = await new Promise((resolve) => lookup('a.test', { all: true }, (_, found) => resolve(found)))
  expect(all).toEqual([
    { address: '10.0.0.1', family: 4 },
    { address: '10.0.0.2', family: 4 },
  ])
  const first = await new Promise((resolve) =>
    lookup('a.test', {}, (_, address, family) => resolve([address, family])),
  )
  expect(first).toEqual(['10.0.0.1', 4])
  const missing = await new Promise((resolve) => lookup('b.test', {}, (error) => resolve(error?.code)))
  expect(missing).toBe('ENOTFOUND')
})
