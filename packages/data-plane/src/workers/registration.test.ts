import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ConfigStore,
  DATA_PLANES,
  type DataPlaneState,
  parseDataPlane,
  PROGRESS_QUESTION,
  StoreUnavailableError,
} from '@weir/config-store'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Registration, type RegistrationOptions } from './registration.ts'
import type { Applied } from './serving.ts'

const identity = { id: 'i', hostname: 'h', version: '1', boot_time: 7 }
const at = (...revisions: number[]): Applied[] =>
  revisions.map((revision) => ({ isLoaded: true, revision, rejected: [] }))

let directory = ''
let store: ConfigStore
let log: RecordingLogger
const begun: Registration[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-registration-'))
  store = createEmbeddedStore({ path: join(directory, 'weir.db') })
  log = new RecordingLogger()
})
afterEach(async () => {
  for (const registration of begun.splice(0)) await registration.close()
  await store.close()
  await rm(directory, { recursive: true })
})

function register(more: Partial<RegistrationOptions> & { applied: () => Applied[] }): Registration {
  const registration = new Registration({ store, identity, log, ...more })
  begun.push(registration)
  return registration
}

async function told(): Promise<DataPlaneState | undefined> {
  const { entries } = await store.list(DATA_PLANES)
  return entries[0] && parseDataPlane(entries[0].value)
}

const question = (revision: number) => {
  const entry = { key: PROGRESS_QUESTION, value: '{}', createRevision: 1, modRevision: revision }
  return [{ type: 'put', key: PROGRESS_QUESTION, revision, entry }] as const
}

describe('a data plane in the store', () => {
  test('tells the revision of the slowest worker, and answers a question when that one is there', async () => {
    let applied = at(5, 3)
    const registration = register({ applied: () => applied })
    registration.begin(1)
    await until(async () => (await told())?.revision === 3)
    registration.heard(question(9))
    applied = at(9, 8)
    registration.progressed()
    expect((await told())?.revision).toBe(3)
    applied = at(9, 9)
    registration.progressed()
    await until(async () => (await told())?.revision === 9)
    expect(await told()).toMatchObject({ ...identity, workers: [9, 9] })
  })

  test('tells again by itself when a worker gets to the newest change later', async () => {
    let applied = at(1)
    const registration = register({ applied: () => applied })
    registration.begin(1)
    await until(async () => (await told())?.revision === 1)
    const entry = { key: '/routes/1', value: '{}', createRevision: 4, modRevision: 4 }
    registration.heard([{ type: 'put', key: '/routes/1', revision: 4, entry }])
    const { revision: before } = await store.get('/')
    await until(async () => (await store.get('/')).revision > before)
    expect((await told())?.revision).toBe(1)
    applied = at(4)
    await until(async () => (await told())?.revision === 4)
  })

  test('is nowhere while a worker is still at its first load', async () => {
    let isLoaded = false
    const registration = register({ applied: () => [...at(9), { isLoaded, revision: 9, rejected: [] }] })
    registration.begin(1)
    await until(async () => (await told())?.revision === 0)
    registration.heard(question(5))
    isLoaded = true
    registration.progressed()
    await until(async () => (await told())?.revision === 9)
  })

  test('answers the last of several questions that come while it is writing', async () => {
    let applied = at(1)
    const registration = register({ applied: () => applied })
    registration.begin(1)
    for (let revision = 2; revision <= 50; revision++) {
      applied = at(revision)
      registration.heard(question(revision))
    }
    await until(async () => (await told())?.revision === 50)
    // Written far less often than asked.
    expect((await store.list(DATA_PLANES)).revision).toBeLessThan(10)
  })

  test('names what it rejected, but not without end', async () => {
    const rejected = Array.from({ length: 200 }, (_, i) => ({
      key: `/routes/${i}`,
      revision: i,
      error: 'x'.repeat(10_000),
      inForce: i === 199 ? 7 : undefined,
    }))
    register({ applied: () => [{ isLoaded: true, revision: 1, rejected }] }).begin(1)
    await until(async () => (await told()) !== undefined)
    const state = await told()
    expect(state?.rejected_count).toBe(200)
    expect(state?.rejected).toHaveLength(50)
    expect(state?.rejected[0]).toEqual({
      key: '/routes/199',
      revision: 199,
      error: 'x'.repeat(500),
      in_force: 7,
    })
  })

  test('is gone when it closes, and has its key for a limited time only', async () => {
    const registration = register({ applied: () => at(1) })
    let ttl: number | undefined
    const { put } = store
    store.put = (key, value, options) => {
      ttl = options?.ttlSeconds
      return put.call(store, key, value, options)
    }
    registration.begin(1)
    await until(async () => (await told()) !== undefined)
    expect(ttl).toBe(30)
    await registration.close()
    expect(await told()).toBeUndefined()
  })

  test('goes on without a word to a store that takes none, after one warning', async () => {
    let calls = 0
    store.put = () => {
      calls += 1
      return Promise.reject(new StoreUnavailableError('permission denied'))
    }
    const registration = register({ applied: () => at(9) })
    registration.begin(1)
    await until(() => calls === 1)
    for (let revision = 2; revision < 6; revision++) {
      registration.heard(question(revision))
      await until(() => calls === revision)
    }
    const warnings = log.lines.filter(({ message }) => message.includes('cannot tell the store'))
    expect(warnings).toHaveLength(1)
  })
})
