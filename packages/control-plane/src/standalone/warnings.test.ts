// POST /configs/validate with a store behind the Admin API, and what it says about plugins that are not run here.
import { afterEach, expect, it } from 'vitest'
import { acceptingSettings, startTestPlane, testSettings, type TestPlane } from '../testing/test-plane.ts'

let plane: TestPlane
afterEach(() => plane.close())

const upstream = { nodes: { '127.0.0.1:1980': 1 } }
const route = (id: string, plugins: object) => ({ id, uri: `/${id}`, upstream, plugins })
const configuration = {
  routes: [route('a', { gzip: {} }), route('b', { gzip: {}, cors: {} })],
  consumers: [{ username: 'jack', plugins: { 'basic-auth': { username: 'u', password: 'p' } } }],
}

it('warns of each plugin once', async () => {
  plane = await startTestPlane({ config: acceptingSettings })
  const checked = await plane.post('/configs/validate', configuration)
  expect([checked.status, checked.text]).toEqual([200, '{}\n'])
  expect(checked.header('x-weir-warning')).toBe(
    'this build does not run plugins gzip, cors, basic-auth: requests that meet them are answered 503',
  )
  const quiet = await plane.post('/configs/validate', { routes: [route('a', {})] })
  expect([quiet.status, quiet.header('x-weir-warning')]).toEqual([200, undefined])
})

it('refuses each document that names one, where they are refused', async () => {
  plane = await startTestPlane({ config: testSettings })
  const checked = await plane.post('/configs/validate', configuration)
  expect(checked.json).toMatchObject({
    error_msg: 'Configuration validation failed',
    errors: [
      { resource_type: 'routes', resource_id: 'a', index: 0, error: expect.stringContaining('[gzip]') },
      { resource_type: 'routes', resource_id: 'b', index: 1 },
      { resource_type: 'consumers', resource_id: 'jack', index: 0 },
    ],
  })
})

it('takes YAML, and no body that is too long', async () => {
  plane = await startTestPlane({ config: testSettings, limits: { bodyBytesMax: 100 } })
  const headers = { 'Content-Type': 'application/yaml' }
  const call = (body: string) => plane.call({ method: 'POST', path: '/configs/validate', headers, body })
  expect(await call('routes: [{id: a, uri: /a, upstream: {nodes: {"127.0.0.1:80": 1}}}]')).toMatchObject({
    status: 200,
    text: '{}\n',
  })
  expect((await call('routes: 1')).status).toBe(400)
  expect(await call('#'.repeat(101))).toMatchObject({
    status: 400,
    json: {
      error_msg: 'invalid request body: request size 101 is greater than the maximum size 100 allowed',
    },
  })
  expect((await plane.get('/configs/validate')).status).toBe(404)
})
