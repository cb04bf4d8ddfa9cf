// What of a request is lost in a conversion: told to the client in the header X-Weir-Dropped-Fields.
import type { JsonObject } from '../protocols/protocol.ts'

/** Names kept; what more is lost is not told. */
const namesMax = 64

export class DroppedFields {
  readonly #names = new Set<string>()
  readonly #kept: ReadonlySet<string>

  /** `kept`: names that are not lost after all. */
  constructor(kept: readonly string[] = []) {
    this.#kept = new Set(kept)
  }

  add(name: string): void {
    if (this.#names.size < namesMax && !this.#kept.has(name)) this.#names.add(name)
  }

  /** Members of the object that the conversion does not know; null is no value. */
  addUnknown(object: JsonObject, known: ReadonlySet<string>, prefix = ''): void {
    for (const key of Object.keys(object)) {
      if (!known.has(key) && object[key] !== undefined && object[key] !== null) this.add(prefix + key)
    }
  }

  get names(): readonly string[] {
    return [...this.#names]
  }
}
