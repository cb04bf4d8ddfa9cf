import { expect, test } from 'vitest'
import { startEtcd } from './etcd.ts'
import { startRedis } from './redis.ts'
import { createRestartable } from './restartable.ts'

test('etcd comes back with its data, without it after a wipe, and with older data after a restore', async () => {
  const etcd = await startEtcd()
  try {
    await put(etcd.url, 'a', '1')
    await etcd.save()
    await put(etcd.url, 'a', '2')
    await etcd.kill()
    await expect(get(etcd.url, 'a')).rejects.toThrow('fetch failed')
    await etcd.restart()
    expect(await get(etcd.url, 'a')).toBe('2')
    await etcd.compact()
    await etcd.restore()
    expect(await get(etcd.url, 'a')).toBe('1')
    await etcd.wipe()
    expect(await get(etcd.url, 'a')).toBeUndefined()
  } finally {
    await etcd.stop()
  }
})

test('Redis comes back on the same port, also when it was frozen', async () => {
  const redis = await startRedis()
  try {
    await redis.kill()
    await redis.restart()
    await redis.freeze()
    await expect(redis.restart()).resolves.toBeUndefined()
  } finally {
    await redis.stop()
  }
})

test('a missing program is named, with what to install', async () => {
  const service = createRestartable({ command: 'no-such-server', ready: { output: /ready/ } }, 'Install it.')
  await expect(service.restart()).rejects.toThrow('no-such-server is not installed. Install it.')
})

async function put(url: string, key: string, value: string): Promise<void> {
  await call(url, 'put', { key: btoa(key), value: btoa(value) })
}

async function get(url: string, key: string): Promise<string | undefined> {
  const [, value] = /"value":"([^"]*)"/.exec(await call(url, 'range', { key: btoa(key) })) ?? []
  return value === undefined ? undefined : atob(value)
}

async function call(url: string, method: string, body: object): Promise<string> {
  const response = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  return response.text()
}
