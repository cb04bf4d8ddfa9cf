// Bad days of etcd, done to a real one: the data planes serve on, and catch up by themselves.
import { type Etcd, startEtcd, until } from '@weir/testkit'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWeir, type Weir } from './world/weir.ts'

let etcd: Etcd
let control: Weir
let plane: Weir
let backend: Server
let backendPort: number

beforeAll(async () => {
  etcd = await startEtcd()
  control = await startWeir({ role: 'control-plane', etcd })
  plane = await startWeir({ role: 'data-plane', etcd })
  backend = createServer((request, response) => response.end(`backend ${request.url}`))
  await new Promise<void>((resolve) => void backend.listen(0, '127.0.0.1', resolve))
  backendPort = (backend.address() as AddressInfo).port
  await put('base')
  await untilServed('base')
})
afterAll(async () => {
  await Promise.all([control.stop(), plane.stop()])
  await etcd.stop()
  backend.close().closeAllConnections()
})

const route = (id: string) => ({
  uri: `/${id}`,
  upstream: { type: 'roundrobin', nodes: { [`127.0.0.1:${backendPort}`]: 1 } },
})
const put = (id: string) => control.put(`routes/${id}`, route(id))
const statusOf = async (id: string) => (await fetch(`${plane.proxyUrl}/${id}`)).status
const untilServed = (id: string) => until(async () => (await statusOf(id)) === 200, { what: `route ${id}` })
const untilGone = (id: string) =>
  until(async () => (await statusOf(id)) === 404, { what: `the end of route ${id}` })
const untilWritable = (id: string) =>
  until(async () => (await control.admin('PUT', `routes/${id}`, route(id))).status < 300, { what: 'a write' })
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

test('a change is live soon after its answer', async () => {
  const delays: number[] = []
  const writes: number[] = []
  for (let count = 0; count < 20; count++) {
    const began = performance.now()
    await put(`live-${count}`)
    const written = performance.now()
    await until(async () => (await statusOf(`live-${count}`)) === 200, { everyMs: 1 })
    writes.push(written - began)
    delays.push(performance.now() - written)
  }
  // On a machine that is busy with something else the write takes longer too.
  expect(median(delays)).toBeLessThan(Math.max(100, 5 * median(writes)))
})

test('etcd killed: the data plane serves on, the Admin API says so; back again: nothing is lost', async () => {
  await etcd.kill()
  expect(await statusOf('base')).toBe(200)
  expect(await plane.status()).toBe(200)
  expect((await control.admin('PUT', 'routes/lost', route('lost'))).status).toBe(503)
  expect((await control.admin('GET', 'routes/base')).status).toBe(503)
  expect(await statusOf('base')).toBe(200)
  await etcd.restart()
  await untilWritable('after-kill')
  await untilServed('after-kill')
  expect(await statusOf('base')).toBe(200)
})

test('compacted while the data plane could not watch: it lists again', async () => {
  await put('before-compaction')
  await untilServed('before-compaction')
  await plane.process.freeze()
  await put('during-compaction')
  await control.admin('DELETE', 'routes/before-compaction')
  for (let count = 0; count < 50; count++) await put('churn')
  await etcd.compact()
  plane.process.signal('SIGCONT')
  await untilServed('during-compaction')
  await untilGone('before-compaction')
})

test('frozen: writes fail in time instead of hanging, and work again afterwards', async () => {
  await etcd.freeze()
  expect(await statusOf('base')).toBe(200)
  const answer = await control.admin('PUT', 'routes/frozen', route('frozen'))
  expect(answer.status).toBe(503)
  etcd.thaw()
  await untilWritable('thawed')
  await untilServed('thawed')
}, 90_000)

test('wiped: the data plane notices and follows the new history', async () => {
  await etcd.wipe()
  await untilWritable('new-world')
  await untilServed('new-world')
  await untilGone('base')
  await put('base')
  await untilServed('base')
})

test('one broken document takes down nobody, and its last good version stays', async () => {
  await put('good')
  await untilServed('good')
  const { Etcd3 } = await import('etcd3')
  const client = new Etcd3({ hosts: etcd.url })
  try {
    await client.put('/apisix/routes/good').value('{"uri": broken')
    await client.put('/apisix/routes/bad').value('{"uri": 7}')
    await put('sentinel')
    await untilServed('sentinel')
    expect(await statusOf('good')).toBe(200)
    expect(await statusOf('base')).toBe(200)
  } finally {
    client.close()
  }
})

test('a data plane that starts without etcd serves as soon as etcd is there', async () => {
  await etcd.kill()
  const late = await startWeir({ role: 'data-plane', etcd, awaitReady: false })
  try {
    expect(await late.status()).toBe(503)
    expect((await fetch(`${late.proxyUrl}/base`)).status).toBe(404)
    await etcd.restart()
    await until(async () => (await late.status()) === 200)
    expect((await fetch(`${late.proxyUrl}/base`)).status).toBe(200)
  } finally {
    await late.stop()
  }
})
