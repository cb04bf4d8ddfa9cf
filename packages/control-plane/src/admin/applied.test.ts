import {
  DATA_PLANES,
  type DataPlaneState,
  PROGRESS_QUESTION,
  StoreUnavailableError,
} from '@weir/config-store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestPlane, type TestPlane } from '../testing/test-plane.ts'

const state: DataPlaneState = {
  id: 'dp-1',
  hostname: 'one',
  version: '0',
  boot_time: 1,
  revision: 0,
  workers: [0],
  rejected: [],
  rejected_count: 0,
}
const route = { uri: '/a', upstream: { nodes: { '127.0.0.1:80': 1 }, type: 'roundrobin' } }

let plane: TestPlane
beforeEach(async () => {
  plane = await startTestPlane()
  await plane.initialized
})
afterEach(() => plane.close())

function tell(name: string, more: Partial<DataPlaneState> = {}): Promise<unknown> {
  return plane.store.put(DATA_PLANES + name, JSON.stringify({ ...state, id: name, ...more }))
}

/** A data plane that tells how far it is whenever it is asked. */
function answerQuestions(name: string, more: Partial<DataPlaneState> = {}): void {
  plane.store.watch(1, {
    onChanges(changes) {
      const question = changes.findLast(({ key }) => key === PROGRESS_QUESTION)
      if (question) void tell(name, { revision: question.revision, ...more })
    },
    onLost() {},
  })
}

describe('a write that waits', () => {
  test('is answered when all data planes have told that they have it', async () => {
    await Promise.all([tell('dp-1'), tell('dp-2')])
    answerQuestions('dp-1')
    answerQuestions('dp-2')
    const made = await plane.put('/routes/1?wait=applied&timeout=20s', route)
    expect(made.status).toBe(201)
    expect(made.header('x-weir-applied')).toBe('applied')
    expect(made.json).toMatchObject({
      key: '/apisix/routes/1',
      applied: { result: 'applied', data_planes: [{ id: 'dp-1', applied: true }, { applied: true }] },
    })
    for (const again of [
      await plane.put('/routes/1?wait=applied', route),
      await plane.patch('/routes/1?wait=applied', { desc: 'x' }),
      await plane.delete('/routes/1?wait=applied'),
    ]) {
      expect([again.status, again.header('x-weir-applied')]).toEqual([200, 'applied'])
    }
  })

  test('stays done when one does not tell in time, and the answer names who did not', async () => {
    await Promise.all([tell('dp-1'), tell('dp-2')])
    answerQuestions('dp-1')
    const made = await plane.put('/routes/1?wait=applied&timeout=300ms', route)
    expect([made.status, made.header('x-weir-applied')]).toEqual([202, 'timeout'])
    expect(made.json).toMatchObject({
      value: { uri: '/a' },
      applied: {
        result: 'timeout',
        data_planes: [
          { id: 'dp-1', applied: true },
          { id: 'dp-2', applied: false },
        ],
      },
    })
    expect((await plane.get('/routes/1')).status).toBe(200)
  })

  test('is told when a data plane cannot use the document', async () => {
    await tell('dp-1')
    answerQuestions('dp-1', { rejected: [{ key: '/routes/1', revision: 1, error: 'no such thing' }] })
    const made = await plane.put('/routes/1?wait=applied&timeout=20', route)
    expect([made.status, made.header('x-weir-applied')]).toEqual([202, 'rejected'])
    expect(made.json).toMatchObject({ applied: { data_planes: [{ rejected: 'no such thing' }] } })
  })

  test('does not wait for what is not there', async () => {
    const made = await plane.put('/routes/1?wait=applied', route)
    expect([made.status, made.header('x-weir-applied')]).toEqual([202, 'no-data-plane'])
    expect((await plane.get('/routes/1')).status).toBe(200)
  })

  test.each([
    ['refuses', () => Promise.reject(new StoreUnavailableError('gone')), 'gone'],
    ['is silent', () => new Promise<never>(() => {}), 'the store did not answer in time'],
  ])('is done when the store %s to be asked', async (_how, answer, error_msg) => {
    await tell('dp-1')
    const { store } = plane
    const { put } = store
    store.put = (key, ...rest) => (key === PROGRESS_QUESTION ? answer() : put.call(store, key, ...rest))
    const made = await plane.put('/routes/1?wait=applied&timeout=200ms', route)
    expect([made.status, made.header('x-weir-applied')]).toEqual([202, 'unknown'])
    expect(made.json).toMatchObject({ applied: { result: 'unknown', error_msg } })
    expect((await plane.get('/routes/1')).status).toBe(200)
  })

  test('says what is wrong before anything is written', async () => {
    for (const query of [
      'wait=seen',
      'wait=applied&timeout=x',
      'wait=applied&timeout=0',
      'wait=applied&timeout=61s',
    ]) {
      const refused = await plane.put(`/routes/1?${query}`, route)
      expect(refused.status).toBe(400)
      expect(refused.text).toMatch(/invalid argument (wait|timeout)/)
    }
    expect((await plane.get('/routes/1')).status).toBe(404)
    const failed = await plane.put('/routes/1?wait=applied', { uri: 1 })
    expect([failed.status, failed.header('x-weir-applied')]).toEqual([400, undefined])
  })
})
