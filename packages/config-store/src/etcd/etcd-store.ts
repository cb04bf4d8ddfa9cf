// The store in etcd: keys and values exactly as a real APISIX reads and writes them (contract: etcd.md §1, §2).
import { writePlaceholders } from '../directories.ts'
import { generateId } from '../generated-id.ts'
import type { ScannableStore, ScanPage } from '../scan.ts'
import type {
  GetResult,
  ListResult,
  PutResult,
  ReadOptions,
  StoreWatch,
  SwapOptions,
  SwapResult,
  WatchListener,
  WriteOptions,
} from '../store.ts'
import { EtcdCluster } from './cluster.ts'
import { KeySpace } from './entries.ts'
import { list, scan } from './list.ts'
import { DEFAULT_PREFIX, type EtcdSettings } from './settings.ts'
import { EtcdWatch } from './watch.ts'

/**
 * `trustedCertificates` is what config.yaml calls `apisix.ssl.ssl_trusted_certificate`: PEM files and `system`, separated
 * by commas. Does not connect yet. Throws when a certificate cannot be read.
 */
export function createEtcdStore(settings: EtcdSettings, trustedCertificates = 'system'): ScannableStore {
  return new EtcdStore(settings, trustedCertificates)
}

class EtcdStore implements ScannableStore {
  readonly prefix: string
  readonly #cluster: EtcdCluster
  readonly #keys: KeySpace
  readonly #watches = new Set<StoreWatch>()

  constructor(settings: EtcdSettings, trustedCertificates: string) {
    this.#keys = new KeySpace(settings.prefix ?? DEFAULT_PREFIX)
    this.prefix = this.#keys.prefix
    this.#cluster = new EtcdCluster(settings, trustedCertificates)
  }

  initialize(): Promise<void> {
    return writePlaceholders(this)
  }

  async get(key: string, { timeoutMs }: ReadOptions = {}): Promise<GetResult> {
    const { header, kvs } = await this.#cluster.read(
      ({ kv }, options) => kv.range({ key: this.#keys.toBytes(key) }, options),
      timeoutMs,
    )
    return { revision: Number(header.revision), entry: kvs[0] && this.#keys.toEntry(kvs[0]) }
  }

  list(prefix: string): Promise<ListResult> {
    return list(this.#cluster, this.#keys, prefix)
  }

  scan(prefix: string): AsyncIterable<ScanPage> {
    return scan(this.#cluster, this.#keys, prefix)
  }

  async put(key: string, value: string, { ttlSeconds }: WriteOptions = {}): Promise<PutResult> {
    const lease = await this.#grantLease(ttlSeconds)
    const { header, prev_kv: previous } = await this.#cluster.write(({ kv }, options) =>
      kv.put({ key: this.#keys.toBytes(key), value: Buffer.from(value), ...lease, prev_kv: true }, options),
    )
    return {
      revision: Number(header.revision),
      created: !previous,
      ...(previous && { previous: this.#keys.toEntry(previous) }),
    }
  }

  async compareAndSwap(
    key: string,
    modRevision: number | 'any',
    value: string,
    { ttlSeconds, unchanged = [] }: SwapOptions = {},
  ): Promise<SwapResult | 'conflict'> {
    const lease = await this.#grantLease(ttlSeconds)
    const bytes = this.#keys.toBytes(key)
    const isAny = modRevision === 'any'
    const compare = (isAny ? unchanged : [{ key, modRevision }, ...unchanged]).map((state) => ({
      result: 'Equal' as const,
      target: 'Mod' as const,
      key: this.#keys.toBytes(state.key),
      mod_revision: state.modRevision,
    }))
    const { header, succeeded, responses } = await this.#cluster.write(({ kv }, options) =>
      kv.txn(
        {
          compare,
          success: [{ request_put: { key: bytes, value: Buffer.from(value), ...lease, prev_kv: isAny } }],
        },
        options,
      ),
    )
    if (!succeeded) return 'conflict'
    const created = isAny ? !responses[0]?.response_put?.prev_kv : modRevision === 0
    return { revision: Number(header.revision), created }
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#deleteRange({ key: this.#keys.toBytes(key) })) > 0
  }

  async deleteWith(key: string, prefix: string): Promise<boolean> {
    const below = { request_delete_range: this.#keys.rangeOf(prefix) }
    const itself = { request_delete_range: { key: this.#keys.toBytes(key) } }
    const { responses } = await this.#cluster.write(({ kv }, options) =>
      kv.txn({ success: [below, itself] }, options),
    )
    return Number(responses.at(-1)?.response_delete_range?.deleted ?? 0) > 0
  }

  deletePrefix(prefix: string): Promise<number> {
    return this.#deleteRange(this.#keys.rangeOf(prefix))
  }

  allocateId(): Promise<string> {
    return generateId(this)
  }

  watch(fromRevision: number, listener: WatchListener): StoreWatch {
    const watch = new EtcdWatch(this.#cluster, this.#keys, fromRevision, listener)
    this.#watches.add(watch)
    return {
      close: () => {
        this.#watches.delete(watch)
        watch.close()
      },
    }
  }

  /** Of the member that answers first. */
  async serverVersion(): Promise<string> {
    const { version } = await this.#cluster.read(({ maintenance }, options) => maintenance.status(options))
    return version
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close()
    this.#watches.clear()
    this.#cluster.close()
  }

  async #deleteRange(range: { key: Buffer; range_end?: Buffer }): Promise<number> {
    const { deleted } = await this.#cluster.write(({ kv }, options) => kv.deleteRange(range, options))
    return Number(deleted)
  }

  /** A lease that nobody uses in the end expires by itself. */
  async #grantLease(ttlSeconds: number | undefined): Promise<{ lease?: string }> {
    if (ttlSeconds === undefined) return {}
    const { ID } = await this.#cluster.write(({ leaseClient }, options) =>
      leaseClient.leaseGrant({ TTL: ttlSeconds }, options),
    )
    return { lease: ID }
  }
}
