export { DIRECTORIES, isPlaceholder, PLACEHOLDER_VALUE } from './directories.ts'
export type { Follower, FollowerStatus, FollowHandlers } from './follow.ts'
export { StoreUnavailableError } from './store.ts'
export type {
  ConfigStore,
  PutResult,
  StoreChange,
  StoreEntry,
  StoreWatch,
  WatchListener,
  WatchLoss,
  WriteOptions,
} from './store.ts'
