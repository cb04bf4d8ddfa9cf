// Which secrets the documents refer to: those in force, and newer versions that wait for theirs.
import type { StoreEntry } from '@weir/config-store'
import type { SecretState } from '@weir/secrets'

/** What is known of secrets; whatever is held is kept fresh. */
export interface SecretHolder {
  find(reference: string): SecretState
  hold(reference: string): void
  release(reference: string): void
}

/** What became of a document after its check. */
export type Outcome = 'placed' | 'rejected' | 'waits'

interface Uses {
  /** Of the version in force. */
  readonly inForce: ReadonlySet<string>
  /** Of a newer version that was rejected or waits. */
  readonly newer: ReadonlySet<string>
  readonly waiting: StoreEntry | undefined
}

const none: ReadonlySet<string> = new Set()
const unused: Uses = { inForce: none, newer: none, waiting: undefined }

export class DocumentSecrets {
  readonly #holder: SecretHolder
  /** By key; most documents have none. */
  readonly #uses = new Map<string, Uses>()
  /** Keys by reference. */
  readonly #users = new Map<string, Set<string>>()
  /** Keys of documents that lack a secret which is being looked up. */
  readonly #lacking = new Set<string>()
  /** Met since the last `note`. */
  #met = new Set<string>()
  #isPending = false

  constructor(holder: SecretHolder) {
    this.#holder = holder
  }

  /** Looks up a reference of the document that is being checked. */
  readonly find = (reference: string): SecretState => {
    this.#met.add(reference)
    const state = this.#holder.find(reference)
    if (state === 'pending') this.#isPending = true
    return state
  }

  /** Whether the document that was just checked lacks a secret that is being looked up. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Whether any document does. */
  get isWaiting(): boolean {
    return this.#lacking.size > 0
  }

  /** To be called after every check. */
  note(entry: StoreEntry, outcome: Outcome): void {
    const met = this.#met
    const before = this.#uses.get(entry.key)
    if (!before && met.size === 0) return
    const placed = outcome === 'placed'
    this.#set(entry.key, {
      inForce: placed ? met : (before?.inForce ?? none),
      newer: placed ? none : met,
      waiting: outcome === 'waits' ? entry : undefined,
    })
    if (this.#isPending) this.#lacking.add(entry.key)
    this.#met = new Set()
    this.#isPending = false
  }

  forget(key: string): void {
    if (this.#uses.has(key)) this.#set(key, unused)
  }

  /** The version that is to take the place of the one in force. */
  waiting(key: string): StoreEntry | undefined {
    return this.#uses.get(key)?.waiting
  }

  /** Keys of documents that refer to any of these. */
  usersOf(references: readonly string[]): readonly string[] {
    return [...new Set(references.flatMap((reference) => [...(this.#users.get(reference) ?? none)]))]
  }

  #set(key: string, uses: Uses): void {
    const { inForce, newer } = this.#uses.get(key) ?? unused
    const before = new Set([...inForce, ...newer])
    const after = new Set([...uses.inForce, ...uses.newer])
    for (const reference of after) if (!before.has(reference)) this.#hold(reference, key)
    for (const reference of before) if (!after.has(reference)) this.#release(reference, key)
    this.#lacking.delete(key)
    if (after.size > 0) this.#uses.set(key, uses)
    else this.#uses.delete(key)
  }

  #hold(reference: string, key: string): void {
    this.#holder.hold(reference)
    const users = this.#users.get(reference) ?? new Set()
    this.#users.set(reference, users.add(key))
  }

  #release(reference: string, key: string): void {
    this.#holder.release(reference)
    const users = this.#users.get(reference)
    users?.delete(key)
    if (users?.size === 0) this.#users.delete(reference)
  }
}
