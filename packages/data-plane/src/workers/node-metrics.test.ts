import { createMetrics } from '@weir/telemetry'
import type { CheckerListing } from '@weir/upstream'
import { expect, test } from 'vitest'
import { Feed } from './feed.ts'
import { writeNodeMetrics } from './node-metrics.ts'

const counter = { success: 0, http_failure: 0, tcp_failure: 0, timeout_failure: 0 }

function checker(name: string, status: string): CheckerListing {
  const node = { ip: '127.0.0.1', port: 80, hostname: 'x', status, counter, last_probe: undefined }
  return { name, label: undefined, resource: '/apisix/routes/1', type: 'http', nodes: [node] }
}

test('revisions by kind, the store, and the nodes of plain upstreams', () => {
  const feed = new Feed()
  const entry = { key: '/routes/1', value: '{}', createRevision: 3, modRevision: 5 }
  feed.load([entry], 9)
  feed.apply([{ type: 'delete', key: '/services/s', revision: 11 }], 11)
  const metrics = createMetrics()
  const checkers = [
    checker('upstream#/apisix/routes/1', 'mostly_healthy'),
    checker('upstream#/apisix/upstreams/2', 'unhealthy'),
    checker("/apisix/routes/1#plugins['ai-proxy-multi'].instances[0]", 'healthy'),
  ]
  writeNodeMetrics(metrics, { feed, storeIsReachable: false, checkers, version: '1' })
  const { etcd_modify_indexes, etcd_reachable, upstream_status } = metrics.snapshot()
  const revisions = etcd_modify_indexes?.map(({ labels, values }) => `${labels[0]} ${values[0]}`)
  expect(revisions).toEqual(
    expect.arrayContaining(['routes 5', 'services 11', 'max_modify_index 11', 'x_etcd_index 11']),
  )
  expect(etcd_reachable?.[0]?.values).toEqual([0])
  expect(upstream_status).toEqual([
    { labels: ['/apisix/routes/1', '127.0.0.1', '80'], values: [1] },
    { labels: ['/apisix/upstreams/2', '127.0.0.1', '80'], values: [0] },
  ])
})

test('nothing of a store where there is none', () => {
  const metrics = createMetrics()
  writeNodeMetrics(metrics, { feed: new Feed(), storeIsReachable: undefined, checkers: [], version: '1' })
  expect(Object.keys(metrics.snapshot()).filter((name) => name.startsWith('etcd'))).toEqual([])
})
