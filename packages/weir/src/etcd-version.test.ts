import { createLogger } from '@weir/telemetry'
import type { ConfigStore } from '@weir/config-store'
import { until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { watchEtcdVersion } from './etcd-version.ts'

function watch(serverVersion: ConfigStore['serverVersion']) {
  const lines: string[] = []
  const log = createLogger({ level: 'info', output: { write: (line) => lines.push(line) } })
  // Of a store only this is asked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const store = { ...(serverVersion && { serverVersion }) } as ConfigStore
  return { lines, etcd: watchEtcdVersion(store, log) }
}

test.each([
  ['3.3.27', true],
  ['2.3.8', true],
  ['3.4.0', false],
  ['3.10.1', false],
  ['4.0.0-rc.1', false],
])('%s is too old: %s', async (version, isOld) => {
  const { lines, etcd } = watch(async () => version)
  await until(() => etcd.current === version)
  const complaint = `etcd cluster version ${version} is less than the required version 3.4.0`
  expect(lines.join('').includes(complaint)).toBe(isOld)
  etcd.close()
})

test('it is asked again until etcd answers', async () => {
  let calls = 0
  const { etcd } = watch(async () => {
    calls += 1
    if (calls === 1) throw new Error('away')
    return '3.5.9'
  })
  expect(etcd.current).toBe('unknown')
  await until(() => etcd.current === '3.5.9')
  etcd.close()
})

test('a store without a server has none', () => {
  const { etcd, lines } = watch(undefined)
  expect(etcd.current).toBe('unknown')
  expect(lines).toEqual([])
})
