export {
  DATA_PLANES,
  type DataPlaneState,
  parseDataPlane,
  PROGRESS_QUESTION,
  type RejectedDocument,
} from './data-planes.ts'
export { DIRECTORIES, isPlaceholder, PLACEHOLDER_VALUE } from './directories.ts'
// The adapters stand apart (`@weir/config-store/etcd`, `/embedded`): what a process does not use it does not load.
export type { EtcdSettings } from './etcd/settings.ts'
export type { EmbeddedSettings } from './embedded/embedded-store.ts'
export { follow } from './follow.ts'
export type { Follower, FollowerStatus, FollowHandlers } from './follow.ts'
export type { ScannableStore } from './scan.ts'
export { StoreUnavailableError } from './store.ts'
export type {
  ConfigStore,
  GetResult,
  ListResult,
  PutResult,
  ReadOptions,
  StoreChange,
  StoreEntry,
  StoreWatch,
  WatchListener,
  WatchLoss,
  WriteOptions,
} from './store.ts'
