// How data planes say, through the store itself, who they are and how far they have come. All of it lies below
// `/data_plane/weir`, where an APISIX on the same etcd looks for nothing (contract: etcd.md §1, §10 rule 7).

/** Each running data plane has one key below this, with a ttl: when it is gone, so is the key. */
export const DATA_PLANES = '/data_plane/weir/nodes/'

/**
 * Written by a control plane that wants to know how far the data planes have come. Who sees the write in its watch
 * has been given everything before it, and tells its own revision anew once that has been applied.
 */
export const PROGRESS_QUESTION = '/data_plane/weir/question'

/** A document that a data plane could not use. */
export interface RejectedDocument {
  /** Below the prefix: `/routes/1`. */
  readonly key: string
  readonly revision: number
  readonly error: string
  /** The revision of the version that stays in force; absent when there is none. */
  readonly in_force?: number | undefined
}

/** The value of a data plane's key, as JSON. */
export interface DataPlaneState {
  /** The instance id (contract: etcd.md §7); one that started anew has the same. */
  readonly id: string
  readonly hostname: string
  readonly version: string
  /** Unix time in seconds. */
  readonly boot_time: number
  /** What every worker has applied. */
  readonly revision: number
  /** What each worker has applied. */
  readonly workers: readonly number[]
  /** The newest ones; `rejected_count` says how many there are. */
  readonly rejected: readonly RejectedDocument[]
  readonly rejected_count: number
}

/** Undefined when it is not what a data plane writes. */
export function parseDataPlane(text: string): DataPlaneState | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isState(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isState(value: unknown): value is DataPlaneState {
  if (typeof value !== 'object' || value === null) return false
  return (
    'id' in value &&
    typeof value.id === 'string' &&
    'revision' in value &&
    typeof value.revision === 'number' &&
    'rejected' in value &&
    Array.isArray(value.rejected)
  )
}
