// The documents of one directory, in the two orders in which lists show them. A change costs a search and a move in
// memory, not a sort: with 100,000 documents a sort would keep everybody waiting.
import type { Document } from './document.ts'

export class Directory {
  readonly #documents = new Map<string, Document>()
  readonly #byKey = new Order((a, b) => compareKeys(a.key, b.key))
  readonly #byCreation = new Order((a, b) => a.createRevision - b.createRevision || compareKeys(a.key, b.key))

  get isEmpty(): boolean {
    return this.#documents.size === 0
  }

  get(key: string): Document | undefined {
    return this.#documents.get(key)
  }

  set(document: Document): void {
    this.delete(document.key)
    this.#documents.set(document.key, document)
    this.#byKey.add(document)
    this.#byCreation.add(document)
  }

  delete(key: string): void {
    const document = this.#documents.get(key)
    if (document === undefined) return
    this.#documents.delete(key)
    this.#byKey.remove(document)
    this.#byCreation.remove(document)
  }

  /** Ordered by key, as etcd lists them; as they are now, whatever comes later. */
  byKey(): readonly Document[] {
    return this.#byKey.documents.slice()
  }

  /** Ordered by age, as pages are. */
  byCreation(): readonly Document[] {
    return this.#byCreation.documents.slice()
  }
}

type Compare = (a: Document, b: Document) => number

class Order {
  readonly documents: Document[] = []
  readonly #compare: Compare

  constructor(compare: Compare) {
    this.#compare = compare
  }

  add(document: Document): void {
    const last = this.documents.at(-1)
    // As a list of the store brings them, and as new documents come.
    if (last === undefined || this.#compare(last, document) < 0) this.documents.push(document)
    else this.documents.splice(this.#placeOf(document), 0, document)
  }

  remove(document: Document): void {
    const place = this.#placeOf(document)
    if (this.documents[place] === document) this.documents.splice(place, 1)
  }

  /** Of the first document that does not come before this one. */
  #placeOf(document: Document): number {
    let low = 0
    let high = this.documents.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const there = this.documents[middle]
      if (there !== undefined && this.#compare(there, document) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** etcd compares bytes. For the characters that keys may have, code units say the same. */
function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
