import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { standIns } from '../testing/stand-ins.ts'
import { startTestPlane, type TestPlane } from '../testing/test-plane.ts'

const upstream = { type: 'roundrobin', nodes: { '127.0.0.1:1980': 1 } }

describe('documents', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane({ plugins: standIns })
  })
  afterAll(() => plane.close())

  it('stores, shows and deletes a route', async () => {
    const created = await plane.put('/routes/1', { uri: '/a', upstream })
    expect(created.status).toBe(201)
    expect(created.header('server')).toBe('APISIX/3.18.0 Weir/test')
    expect(created.header('x-api-version')).toBe('v3')
    const shown = await plane.get('/routes/1')
    expect(shown.json).toMatchObject({ key: '/apisix/routes/1', value: { id: '1', uri: '/a', upstream } })
    const deleted = await plane.delete('/routes/1')
    expect(deleted.json).toEqual({ deleted: '1', key: '/apisix/routes/1' })
    expect((await plane.get('/routes/1')).status).toBe(404)
  })
})
