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
  inForce: ReadonlySet<string>
  /** Of a newer version that was rejected or waits. */
  newer: ReadonlySet<string>
  waiting: StoreEntry | undefined
  isPending: boolean
}

const none: ReadonlySet<string> = new Set()

export class DocumentSecrets {
  readonly #holder: SecretHolder
  /** By key; most documents have none. */
  readonly #uses = new Map<string, Uses>()
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
    for (const { isPending } of this.#uses.values()) if (isPending) return true
    return false
  }

  /** To be called after every check. */
  note(entry: StoreEntry, outcome: Outcome): void {
    const uses = this.#uses.get(entry.key)
    const met = this.#met
    if (!uses && met.size === 0) return
    const { inForce, newer } = uses ?? { inForce: none, newer: none }
    const next: Uses = {
      inForce: outcome === 'placed' ? met : inForce,
      newer: outcome === 'placed' ? none : met,
      waiting: outcome === 'waits' ? entry : undefined,
      isPending: this.#isPending,
    }
    // The new ones first: what both have is never let go of.
    for (const reference of [...next.inForce, ...next.newer]) this.#holder.hold(reference)
    for (const reference of [...inForce, ...newer]) this.#holder.release(reference)
    if (next.inForce.size + next.newer.size > 0) this.#uses.set(entry.key, next)
    else this.#uses.delete(entry.key)
    this.#met = new Set()
    this.#isPending = false
  }

  forget(key: string): void {
    const uses = this.#uses.get(key)
    if (!uses) return
    for (const reference of [...uses.inForce, ...uses.newer]) this.#holder.release(reference)
    this.#uses.delete(key)
  }

  /** The version that is to take the place of the one in force. */
  waiting(key: string): StoreEntry | undefined {
    return this.#uses.get(key)?.waiting
  }

  /** Keys of documents that refer to any of these. */
  usersOf(references: readonly string[]): readonly string[] {
    const users: string[] = []
    for (const [key, { inForce, newer }] of this.#uses) {
      if (references.some((reference) => inForce.has(reference) || newer.has(reference))) users.push(key)
    }
    return users
  }
}
