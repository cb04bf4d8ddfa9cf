// What the control API answers from.
import type { CheckerListing } from '@weir/upstream'
import type { PluginList } from '../../config/user-plugins.ts'
import type { LocalAnswer, LocalRequest } from '../../server/index.ts'
import type { Feed } from '../feed.ts'
import type { Identity } from '../registration.ts'
import type { QuotaBooks } from '../quota-books.ts'
import type { Applied } from '../serving.ts'

export interface ControlApiSources {
  readonly prefix: string
  readonly identity: Identity
  readonly etcdVersion: () => string
  readonly feed: Feed
  readonly applied: () => readonly Applied[]
  readonly quotas?: QuotaBooks
  readonly checkers: () => readonly CheckerListing[]
  readonly collectGarbage: () => void
  /** As the settings have it. */
  readonly plugins: () => PluginList
  /** Begins to read the list of plugins again. */
  readonly reload: () => void
  readonly store: () => { readonly reachable: boolean; readonly lastError?: string }
}

/** `argument`: what follows the path that the handler is registered for. */
export type Handler = (
  sources: ControlApiSources,
  argument: string,
  request: LocalRequest,
) => LocalAnswer | Promise<LocalAnswer>
