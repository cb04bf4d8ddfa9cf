// Reading a store piece by piece, for those who do not need all of it at once.
import type { ConfigStore, StoreEntry } from './store.ts'

export interface ScanPage {
  /** The revision that the whole scan shows. */
  readonly revision: number
  readonly entries: readonly StoreEntry[]
  /** How many entries the scan has in this page and after it. */
  readonly left: number
}

export interface ScannableStore extends ConfigStore {
  /**
   * Everything whose key begins with `prefix`, sorted by key, as it was when the scan began. There is at least one
   * page, and a page holds about 1 MB. Unlike a list, a scan that a compaction overtakes ends with a
   * {@link StoreUnavailableError}.
   */
  scan(prefix: string): AsyncIterable<ScanPage>
}
