// From keys and values as etcd has them to ours, and back.
import type { IKeyValue, IWatchResponse } from 'etcd3'
import type { StoreChange, StoreEntry } from '../store.ts'

/** Translates keys of one prefix. etcd's numbers arrive as text; revisions stay far below 2^53. */
export class KeySpace {
  readonly prefix: string
  readonly #skippedBytes: number

  constructor(prefix: string) {
    this.prefix = prefix.replace(/\/+$/, '')
    this.#skippedBytes = Buffer.byteLength(this.prefix)
  }

  toBytes(key: string): Buffer {
    return Buffer.from(this.prefix + key)
  }

  /** The range of all keys that begin with `prefix`. */
  rangeOf(prefix: string): { key: Buffer; range_end: Buffer } {
    const key = this.toBytes(prefix)
    return { key, range_end: successorOfPrefix(key) }
  }

  toEntry(kv: IKeyValue): StoreEntry {
    return {
      key: this.#toKey(kv),
      value: kv.value.toString(),
      createRevision: Number(kv.create_revision),
      modRevision: Number(kv.mod_revision),
    }
  }

  toChanges(events: IWatchResponse['events']): StoreChange[] {
    return events.map(({ type, kv }) => {
      const revision = Number(kv.mod_revision)
      if (type === 'Delete') return { type: 'delete', key: this.#toKey(kv), revision }
      const entry = this.toEntry(kv)
      return { type: 'put', key: entry.key, revision, entry }
    })
  }

  #toKey(kv: IKeyValue): string {
    return kv.key.toString('utf8', this.#skippedBytes)
  }
}

/** The first key after all those that begin with `prefix`. */
function successorOfPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  // A UTF-8 text never contains the byte 0xff, so its last byte can be counted up.
  end[end.length - 1] = (end.at(-1) ?? 0) + 1
  return end
}

/** The first key after `key`. */
export function successorOfKey(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)])
}
