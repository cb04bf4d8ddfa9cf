// The directories below the prefix, and the placeholder that marks each of them.
import type { ConfigStore } from './store.ts'

/** What a placeholder holds: plain text, not JSON (contract: etcd.md §1). */
export const PLACEHOLDER_VALUE = 'init_dir'

/** Directories that get a placeholder at the start of a control plane (contract: etcd.md §1). */
export const DIRECTORIES = [
  'upstreams',
  'plugins',
  'ssls',
  'stream_routes',
  'plugin_metadata',
  'routes',
  'services',
  'consumers',
  'global_rules',
  'protos',
  'plugin_configs',
  'consumer_groups',
  'secrets',
] as const

/** `/routes` → `/routes/`, the key of the directory's placeholder. */
function placeholderKey(directory: string): string {
  return `/${directory}/`
}

/** Placeholders are for stores only; readers of configuration skip them. */
export function isPlaceholder(key: string): boolean {
  return key.endsWith('/')
}

/** Leaves placeholders that are there as they are, so that a restart is no event to anybody. */
export async function writePlaceholders(store: Pick<ConfigStore, 'compareAndSwap'>): Promise<void> {
  const keys = DIRECTORIES.map(placeholderKey)
  await Promise.all(keys.map((key) => store.compareAndSwap(key, 0, PLACEHOLDER_VALUE)))
}
