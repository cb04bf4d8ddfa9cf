// The last step of every write: the document goes to the store together with what it was made from and what it needs,
// so that nobody's change in between is lost or overlooked. As a rule that takes one question to the store: what the
// document was made from comes from the view, and the store refuses the write when the view was behind.
import { StoreUnavailableError, type StoreEntry } from '@weir/config-store'
import type { JsonObject } from '@weir/contract'
import { refuse, type Reply } from '../http/reply.ts'
import type { Admin } from './admin.ts'
import type { Need } from './references.ts'

/** How often a write that lost a race begins again, from what the store says then. */
const ATTEMPTS_MAX = 8
/** After so many, a document that replaces whatever is there no longer asks what that is. */
const OVERWRITES_AFTER = 3

export interface Draft {
  readonly key: string
  /** Whether the document is made from the one that is there. Otherwise it replaces whatever is there. */
  readonly changes: boolean
  readonly ttlSeconds: number | undefined
  /** The document as it is to be stored in place of `previous`, or the refusal. Asked anew by each attempt. */
  make(previous: StoreEntry | undefined): Ready | Reply | Promise<Ready | Reply>
}

interface Ready {
  readonly document: JsonObject
  readonly needs: readonly Need[]
}

export type Committed =
  | { readonly document: JsonObject; readonly created: boolean }
  | { readonly refusal: Reply }

export async function commit(draft: Draft, admin: Admin): Promise<Committed> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const overwrites = attempt > OVERWRITES_AFTER && !draft.changes
    const done = await tryToCommit(draft, admin, { trustsView: attempt === 1, overwrites })
    if (done !== 'behind') return done
  }
  return { refusal: refuse(503, 'value changed before overwritten') }
}

interface Attempt {
  /** What the view shows is good enough: the store tells when it was not. */
  readonly trustsView: boolean
  /** Others write the same key all the time, and the last one wins. */
  readonly overwrites: boolean
}

async function tryToCommit(draft: Draft, admin: Admin, attempt: Attempt): Promise<Committed | 'behind'> {
  const { key, changes, ttlSeconds } = draft
  const { trustsView } = attempt
  const previous = await lookUp(key, admin, trustsView, changes)
  const ready = await draft.make(previous)
  if (!('document' in ready)) return { refusal: ready }
  const { document, needs } = ready
  try {
    const found = await Promise.all(needs.map((need) => lookUp(need.key, admin, trustsView, true)))
    const refusal = firstRefusal(needs, found)
    // What the view shows of a document may be old.
    if (refusal !== undefined) return trustsView ? 'behind' : { refusal }
    const text = JSON.stringify(document)
    const expected = attempt.overwrites ? 'any' : (previous?.modRevision ?? 0)
    const unchanged = found.filter((entry) => entry !== undefined)
    const options = ttlSeconds === undefined ? { unchanged } : { unchanged, ttlSeconds }
    const written = await admin.store.compareAndSwap(key, expected, text, options)
    if (written === 'conflict') return 'behind'
    admin.view.wrote(written.revision)
    return { document, created: written.created }
  } catch (error) {
    const [first] = needs
    if (!(error instanceof StoreUnavailableError) || first?.unknown === undefined) throw error
    return { refusal: first.unknown(error.message) }
  }
}

/** @param surely whether an absence must be true; otherwise the store tells when it is not. */
async function lookUp(
  key: string,
  { store, view }: Admin,
  trustsView: boolean,
  surely: boolean,
): Promise<StoreEntry | undefined> {
  const seen = trustsView ? view.find(key) : undefined
  if (seen !== undefined || (trustsView && !surely)) return seen
  return (await store.get(key)).entry
}

function firstRefusal(needs: readonly Need[], found: readonly (StoreEntry | undefined)[]): Reply | undefined {
  for (const [i, need] of needs.entries()) {
    const refusal = need.refusal(found[i])
    if (refusal !== undefined) return refusal
  }
  return undefined
}
