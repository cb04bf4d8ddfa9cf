// The documents of one directory, in the two orders in which lists show them.
import type { Document } from './document.ts'

export class Directory {
  readonly #documents = new Map<string, Document>()
  #byKey: readonly Document[] | undefined
  #byCreation: readonly Document[] | undefined

  get isEmpty(): boolean {
    return this.#documents.size === 0
  }

  get(key: string): Document | undefined {
    return this.#documents.get(key)
  }

  set(document: Document): void {
    this.#documents.set(document.key, document)
    this.#forgetOrder()
  }

  delete(key: string): void {
    if (this.#documents.delete(key)) this.#forgetOrder()
  }

  /** Ordered by key, as etcd lists them. */
  byKey(): readonly Document[] {
    return (this.#byKey ??= [...this.#documents.values()].toSorted((a, b) => compareKeys(a.key, b.key)))
  }

  /** Ordered by age, as pages are. */
  byCreation(): readonly Document[] {
    return (this.#byCreation ??= this.byKey().toSorted((a, b) => a.createRevision - b.createRevision))
  }

  #forgetOrder(): void {
    this.#byKey = undefined
    this.#byCreation = undefined
  }
}

/** etcd compares bytes. For the characters that keys may have, code units say the same. */
function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
