// Everything that can happen between a follower and a real etcd.
import { setTimeout as delay } from 'node:timers/promises'
import { type Etcd, startEtcd, startTcpProxy, type TcpProxy, until } from '@weir/testkit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Mirror, type MirrorOptions } from './conformance/mirror.ts'
import { createEtcdStore } from './etcd/etcd-store.ts'
import type { ConfigStore } from './store.ts'

let etcd: Etcd
let wire: TcpProxy
/** Goes straight to etcd. */
let writer: ConfigStore
/** Goes through the wire. */
let followed: ConfigStore
let mirror: Mirror

beforeEach(async () => {
  etcd = await startEtcd()
  wire = await startTcpProxy(etcd.port)
  writer = createEtcdStore({ host: [etcd.url], timeout: 20 })
  followed = createEtcdStore({ host: [`http://127.0.0.1:${wire.port}`], timeout: 5 })
})

afterEach(async () => {
  mirror.follower.close()
  await Promise.all([followed.close(), writer.close()])
  await wire.stop()
  await etcd.stop()
})

/** Returns when the first load is done and the watch is open. */
async function startMirror(options?: MirrorOptions): Promise<void> {
  mirror = new Mirror(followed, options)
  await mirror.follower.initialized
  await writer.put('/started', 'yes')
  await untilSeen('/started', 'yes')
  mirror.changes = 0
}

/** Waits until the mirror shows what etcd has, and checks that it got there without a wrong step. */
async function expectTruth(): Promise<void> {
  await until(async () => (await writer.list('/')).entries.length === mirror.size, {
    what: 'the right number',
  })
  await until(
    async () => JSON.stringify((await writer.list('/')).entries) === JSON.stringify(mirror.list()),
    {
      what: 'the same entries',
    },
  )
  expect(mirror.complaints).toEqual([])
}

async function writeRoutes(count: number, value: string): Promise<void> {
  for (let index = 0; index < count; index++) await writer.put(`/routes/${index}`, value)
}

async function untilSeen(key: string, value: string, timeoutMs = 10_000): Promise<void> {
  await until(() => mirror.value(key) === value, { what: `${key} = ${value}`, timeoutMs })
}

async function untilReachable(reachable: boolean, timeoutMs = 10_000): Promise<void> {
  await until(() => mirror.follower.status.reachable === reachable, {
    what: `reachable: ${reachable}`,
    timeoutMs,
  })
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
}

/** Connections break, and new ones lead nowhere until `mend`. */
function breakWire(): void {
  wire.stall()
  wire.cut()
}

function mendWire(): void {
  wire.resume()
  wire.cut()
}

describe('a follower', () => {
  test('sees a change within milliseconds of the answer to its write', async () => {
    await startMirror()
    const latencies: number[] = []
    const roundTrips: number[] = []
    for (let index = 0; index < 50; index++) {
      const writtenAt = performance.now()
      const { revision } = await writer.put('/routes/1', `${index}`)
      const answeredAt = performance.now()
      await until(() => mirror.follower.status.revision === revision, { everyMs: 0 })
      roundTrips.push(answeredAt - writtenAt)
      latencies.push(performance.now() - answeredAt)
    }
    // On a machine that is busy with something else everything takes longer, the write itself too.
    expect(median(latencies)).toBeLessThan(Math.max(20, 5 * median(roundTrips)))
    await expectTruth()
  })

  test('keeps what it has while etcd is killed, and is up to date soon after it is back', async () => {
    await writeRoutes(10, 'before')
    await startMirror()
    await etcd.kill()
    await untilReachable(false)
    const lostAt = performance.now()
    expect(mirror.size).toBe(11)
    expect(mirror.follower.status.lastError).toBeTruthy()
    // Long enough for all pauses between attempts to have grown to their longest, which is far shorter.
    await delay(3_000)
    await etcd.restart()
    const backAt = performance.now()
    await untilReachable(true)
    expect(performance.now() - backAt).toBeLessThan(backAt - lostAt)
    await writer.put('/routes/1', 'after')
    await untilSeen('/routes/1', 'after')
    await expectTruth()
  })

  test('follows through connections that break again and again', async () => {
    await startMirror()
    let written = 0
    const cuts = new AbortController()
    const writing = (async () => {
      while (!cuts.signal.aborted) await writer.put(`/routes/${written++}`, 'x')
    })()
    for (let cut = 0; cut < 10; cut++) {
      const seen = mirror.changes
      await until(() => mirror.changes > seen, { what: 'progress' })
      wire.cut()
    }
    cuts.abort()
    await writing
    await expectTruth()
    expect(mirror.changes).toBe(written)
  })

  test('replays a backlog of thousands of changes exactly, though the connection breaks in the middle', async () => {
    await writer.put('/routes/0', 'first')
    await startMirror()
    breakWire()
    await untilReachable(false)
    const value = 'x'.repeat(500)
    for (let first = 1; first <= 6_000; first += 100) {
      const puts = Array.from({ length: 100 }, (_, index) => writer.put(`/routes/${first + index}`, value))
      await Promise.all(puts)
    }
    mendWire()
    wire.cutAfter(2_000_000)
    await until(() => mirror.changes >= 6_000, { what: 'the whole backlog' })
    await expectTruth()
    expect(mirror.changes).toBe(6_000)
    const losses = mirror.statuses.filter(({ reachable }) => !reachable)
    expect(losses.some(({ revision }) => revision > 3 && revision < 6_003)).toBe(true)
  })

  test('notices an etcd that is frozen, and catches up when it thaws', async () => {
    await startMirror()
    await writer.put('/routes/1', '1')
    await etcd.freeze()
    await expect(followed.get('/routes/1')).rejects.toThrow('has no healthy etcd endpoint available')
    await untilReachable(false, 15_000)
    etcd.thaw()
    await untilReachable(true)
    await writer.put('/routes/1', '2')
    await untilSeen('/routes/1', '2')
    await expectTruth()
  })

  test('notices a connection that died without a word', async () => {
    await startMirror()
    await writer.put('/routes/1', '1')
    await untilSeen('/routes/1', '1')
    wire.stall()
    await writer.put('/routes/1', '2')
    wire.resume()
    await untilSeen('/routes/1', '2', 15_000)
    await expectTruth()
  })

  test('lists again after a compaction and delivers the difference only', async () => {
    await writeRoutes(50, 'before')
    await startMirror()
    breakWire()
    await untilReachable(false)
    await writeRoutes(20, 'after')
    await writer.delete('/routes/30')
    await writer.put('/routes/31', 'short-lived')
    await writer.delete('/routes/31')
    await etcd.compact()
    mendWire()
    await untilSeen('/routes/0', 'after')
    await expectTruth()
    expect(mirror.changes).toBe(22)
  })

  test('notices a deletion at the very revision up to which etcd was compacted', async () => {
    await writeRoutes(10, 'x')
    await startMirror()
    breakWire()
    await untilReachable(false)
    await writer.delete('/routes/5')
    await etcd.compact()
    mendWire()
    await until(() => mirror.value('/routes/5') === undefined, { what: 'the deletion' })
    await expectTruth()
    expect(mirror.changes).toBe(1)
  })

  test('goes through a compaction without any gap as if nothing had happened', async () => {
    await writeRoutes(50, 'before')
    await startMirror()
    await etcd.compact()
    await writer.put('/routes/1', 'after')
    await untilSeen('/routes/1', 'after')
    expect(mirror.changes).toBe(1)
    await expectTruth()
  })

  test('an etcd that came back empty is believed, and its new documents are seen', async () => {
    await writeRoutes(50, 'before')
    await startMirror({ mayRewind: true })
    await etcd.wipe()
    await until(() => mirror.size === 0, { what: 'the end of all routes' })
    await writer.put('/routes/1', 'new')
    await untilSeen('/routes/1', 'new')
    await expectTruth()
  })

  test('an etcd that was wiped and has as many writes as before is not mistaken for the old one', async () => {
    await writeRoutes(5, 'before')
    await startMirror({ mayRewind: true })
    breakWire()
    await untilReachable(false)
    await etcd.wipe()
    // The same keys at the same revisions, and more of them.
    await writeRoutes(10, 'again')
    mendWire()
    await untilSeen('/routes/9', 'again')
    await expectTruth()
  })

  test('an etcd restored to an older revision takes the follower back with it', async () => {
    await writeRoutes(10, 'old')
    await etcd.save()
    await startMirror({ mayRewind: true })
    await writeRoutes(20, 'lost')
    await untilSeen('/routes/19', 'lost')
    await etcd.restore()
    await untilSeen('/routes/0', 'old')
    await writer.put('/routes/5', 'new')
    await untilSeen('/routes/5', 'new')
    await expectTruth()
    expect(mirror.size).toBe(10)
  })

  test('started without etcd it waits for it', async () => {
    await etcd.kill()
    mirror = new Mirror(followed)
    await until(() => mirror.statuses.length > 0 || mirror.follower.status.lastError)
    expect(mirror.follower.status).toMatchObject({ reachable: false, revision: 0 })
    await etcd.restart()
    await writer.put('/routes/1', 'x')
    await mirror.follower.initialized
    await untilSeen('/routes/1', 'x')
    await expectTruth()
  })

  test('loads 20,000 routes and, after a restart, hears a change among them at once', async () => {
    const value = JSON.stringify({ uri: '/x', desc: 'y'.repeat(1_000) })
    for (let first = 0; first < 20_000; first += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => writer.put(`/routes/${first + index}`, value))
      await Promise.all(batch)
    }
    await startMirror()
    expect(mirror.size).toBe(20_001)
    await etcd.restart()
    await writer.put('/routes/77', 'changed')
    await untilSeen('/routes/77', 'changed')
    expect(mirror.changes).toBe(1)
    await expectTruth()
  })

  test('any sequence of bad days ends in the truth', async () => {
    const days: Record<string, () => Promise<unknown> | void> = {
      write: () => writeRoutes(30, `${Math.random()}`),
      rewriteLast: () => writer.put('/routes/last', `${Math.random()}`),
      delete: () => writer.deletePrefix('/routes/1'),
      cut: () => wire.cut(),
      break: breakWire,
      mend: mendWire,
      restart: () => etcd.restart(),
      compact: () => etcd.compact(),
      rest: () => delay(50),
    }
    const plans = fc.array(fc.constantFrom(...Object.keys(days)), { minLength: 5, maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        mirror = new Mirror(followed)
        for (const day of plan) await days[day]?.()
        mendWire()
        await mirror.follower.initialized
        await expectTruth()
        mirror.follower.close()
      }),
      { numRuns: 6, endOnFailure: true },
    )
  })

  test('closed, it hears nothing more', async () => {
    await startMirror()
    mirror.follower.close()
    const witness = new Mirror(followed)
    await witness.follower.initialized
    await writer.put('/routes/1', 'x')
    await until(() => witness.changes === 1)
    witness.follower.close()
    expect(mirror.changes).toBe(0)
  })
})
