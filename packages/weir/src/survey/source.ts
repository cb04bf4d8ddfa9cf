// Where the documents come from that a survey looks at.
import type { StoreEntry } from '@weir/config-store'

export interface Source {
  /** For people; without user and password. */
  readonly description: string
  /** Whether private keys of certificates are left out. */
  readonly withholdsKeys: boolean
  /** How many documents there are, as near as can be told cheaply; for a progress bar. */
  count(): Promise<number>
  /** The documents below `/<directory>/`, page by page. Revisions are 0 where the source has none. */
  read(directory: string): AsyncIterable<readonly StoreEntry[]>
  /** Whether there is such a document now. */
  has(key: string): Promise<boolean>
  /** The list of enabled plugins as a store keeps it under `/plugins`, if there is one. */
  pluginList(): Promise<StoreEntry | undefined>
  close(): Promise<void>
}
