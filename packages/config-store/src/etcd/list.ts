// Reading many keys as they were at one revision, page by page.
import { GRPCOutOfRangeError, type IRangeResponse } from 'etcd3'
import type { ScanPage } from '../scan.ts'
import { type ListResult, type StoreEntry, StoreUnavailableError } from '../store.ts'
import type { EtcdCluster } from './cluster.ts'
import { type KeySpace, successorOfKey } from './entries.ts'

/** Decoding a page blocks the event loop, about 10 ms for this much. */
const PAGE_BYTES = 1_048_576
const FIRST_PAGE_ENTRIES = 256
const PAGE_ENTRIES_MAX = 2_000

/** A list may be overtaken by a compaction between two pages; then it begins anew. */
const ATTEMPTS_MAX = 5

export async function list(cluster: EtcdCluster, keys: KeySpace, prefix: string): Promise<ListResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listOnce(cluster, keys, prefix)
    } catch (error) {
      const overtaken = error instanceof StoreUnavailableError && error.cause instanceof GRPCOutOfRangeError
      if (!overtaken || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

async function listOnce(cluster: EtcdCluster, keys: KeySpace, prefix: string): Promise<ListResult> {
  const entries: StoreEntry[] = []
  let revision = 0
  for await (const page of scan(cluster, keys, prefix)) {
    revision = page.revision
    for (const entry of page.entries) entries.push(entry)
  }
  return { revision, entries }
}

export async function* scan(cluster: EtcdCluster, keys: KeySpace, prefix: string): AsyncGenerator<ScanPage> {
  const range = keys.rangeOf(prefix)
  let revision = 0
  let count = 0
  let bytes = 0
  let limit = FIRST_PAGE_ENTRIES
  for (;;) {
    const page: IRangeResponse = await cluster.read(({ kv }, options) =>
      kv.range({ ...range, limit, revision }, options),
    )
    revision ||= Number(page.header.revision)
    for (const kv of page.kvs) bytes += kv.value.length
    count += page.kvs.length
    // etcd counts what lies in the range, whatever the limit.
    yield { revision, entries: page.kvs.map((kv) => keys.toEntry(kv)), left: Number(page.count) }
    const last = page.kvs.at(-1)
    if (!page.more || !last) return
    range.key = successorOfKey(last.key)
    limit = Math.min(PAGE_ENTRIES_MAX, Math.max(1, Math.floor(PAGE_BYTES / (bytes / count))))
  }
}
