// The documents in force, by kind and id.
import type { Kind } from './keys.ts'
import type { AnyDocument, LoadedDocument } from './loaded-document.ts'

export class DocumentSet {
  readonly #byKind = new Map<Kind, Map<string, unknown>>()

  get<K extends Kind>(kind: K, id: string): LoadedDocument<K> | undefined {
    return this.#of(kind).get(id)
  }

  all<K extends Kind>(kind: K): readonly LoadedDocument<K>[] {
    return [...this.#of(kind).values()]
  }

  set(document: AnyDocument): void {
    let documents = this.#byKind.get(document.kind)
    if (!documents) this.#byKind.set(document.kind, (documents = new Map()))
    documents.set(document.id, document)
  }

  delete(kind: Kind, id: string): void {
    this.#byKind.get(kind)?.delete(id)
  }

  #of<K extends Kind>(kind: K): ReadonlyMap<string, LoadedDocument<K>> {
    // `set` files every document under its own kind.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (this.#byKind.get(kind) ?? none) as ReadonlyMap<string, LoadedDocument<K>>
  }
}

const none: ReadonlyMap<string, unknown> = new Map()
