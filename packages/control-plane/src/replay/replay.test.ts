// The whole recording against both stores. Documents may name plugins that this build does not run.
import { readFileSync } from 'node:fs'
import { createEtcdStore } from '@weir/config-store/etcd'
import { plugins } from '@weir/plugins'
import { startEtcd } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  acceptingSettings,
  openEmbedded,
  startTestPlane,
  type TestPlane,
  type TestStore,
} from '../testing/test-plane.ts'
import { expectationOf, isComparable } from './expectations.ts'
import { Replay, type RecordedCall } from './replay.ts'

const recorded = readFileSync(new URL('recorded.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedCall)

async function openEtcd(): Promise<TestStore> {
  const etcd = await startEtcd()
  const store = createEtcdStore({ host: [etcd.url] })
  return {
    store,
    async close() {
      await store.close()
      await etcd.stop()
    },
  }
}

const calls = recorded
  .filter((call) => isComparable(call, plugins))
  .map((call) => expectationOf(call, plugins))

const stores = [
  ['the embedded store', openEmbedded],
  ['etcd', openEtcd],
] as const

describe.each(stores)('the recorded calls, on %s', (_name, open) => {
  let plane: TestPlane
  let store: TestStore
  let replay: Replay
  beforeAll(async () => {
    store = await open()
    plane = await startTestPlane({ store: store.store, plugins, config: acceptingSettings })
    replay = new Replay(plane.port)
  })
  afterAll(async () => {
    await plane.close()
    await store.close()
  })

  it.each(calls)('$name', async (call) => {
    const { expected, actual } = replay.compare(call, await replay.send(call))
    expect(actual).toEqual(expected)
  })
})
