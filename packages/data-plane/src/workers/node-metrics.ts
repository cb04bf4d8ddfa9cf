// The metrics of the process as a whole: its store, its health checks (common-plugins.md §8).
import { hostname } from 'node:os'
import type { LocalMetrics } from '@weir/telemetry'
import type { CheckerListing } from '@weir/upstream'
import type { Traffic } from '../server/index.ts'
import type { Feed } from './feed.ts'

export interface NodeState {
  readonly feed: Feed
  /** undefined where the configuration is a file's. */
  readonly storeIsReachable: boolean | undefined
  readonly checkers: readonly CheckerListing[]
  readonly version: string
}

/** Directories whose newest revision is shown. */
const watched = [
  'routes',
  'services',
  'ssls',
  'consumers',
  'global_rules',
  'upstreams',
  'stream_routes',
  'protos',
]

/** What one thread has to do with clients; the threads of a process add up. */
export function writeTraffic(
  metrics: LocalMetrics,
  { connections, accepted, requests, active }: Traffic,
): void {
  const states = {
    active: connections,
    accepted,
    handled: accepted,
    reading: 0,
    writing: active,
    waiting: Math.max(0, connections - active),
  }
  for (const [state, value] of Object.entries(states)) {
    metrics.gauge('nginx_http_current_connections', { state }).set(value)
  }
  metrics.gauge('http_requests_total', {}).set(requests)
}

/** What names of upstreams' checkers begin with (routing.md §10.3). */
const plainChecker = 'upstream#'

/** States in which a target is used (routing.md §10.2). */
const usable = new Set(['healthy', 'mostly_healthy'])

/** Writes what is true now; to be called before a snapshot. */
export function writeNodeMetrics(
  metrics: LocalMetrics,
  { feed, storeIsReachable, checkers, version }: NodeState,
): void {
  metrics.gauge('node_info', { hostname: hostname(), version }).set(1)
  // There from the beginning, so that its first rise is seen.
  metrics.counter('nginx_metric_errors_total', {}).inc(0)
  if (storeIsReachable !== undefined) writeStoreMetrics(metrics, feed, storeIsReachable)
  metrics.clear('upstream_status')
  for (const { name: checker, nodes } of checkers) {
    // Instances of AI plugins are left out, as in APISIX (routing.md §10.3).
    if (!checker.startsWith(plainChecker)) continue
    const name = checker.slice(plainChecker.length)
    for (const { ip, port, status } of nodes) {
      metrics.gauge('upstream_status', { name, ip, port: String(port) }).set(usable.has(status) ? 1 : 0)
    }
  }
}

function writeStoreMetrics(metrics: LocalMetrics, feed: Feed, isReachable: boolean): void {
  metrics.gauge('etcd_reachable', {}).set(isReachable ? 1 : 0)
  const newest = feed.newestRevisions
  let max = 0
  for (const directory of watched) {
    const revision = newest.get(directory) ?? 0
    max = Math.max(max, revision)
    metrics.gauge('etcd_modify_indexes', { key: directory }).set(revision)
  }
  metrics.gauge('etcd_modify_indexes', { key: 'max_modify_index' }).set(max)
  metrics.gauge('etcd_modify_indexes', { key: 'prev_index' }).set(feed.revision)
  metrics.gauge('etcd_modify_indexes', { key: 'x_etcd_index' }).set(feed.revision)
}
