// What every Admin API resource is made of; each has a file of its own that says the rest.

import { compileSchema, isJsonObject, type JsonObject, type Parsed, type Static } from '../schema/index.ts'

export type Method = 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** An Admin API resource (contract/admin-api.md §2 and §5). `T` is a parsed document. */
export interface Resource<T> {
  /** The word for one of them in messages, such as `consumer group`. */
  readonly kind: string
  /** Its name as a schema: `GET /apisix/admin/schema/consumer_group`. */
  readonly name: string
  /** Its directory in the store and its segment in paths, such as `consumer_groups`. */
  readonly collection: string
  /** Methods answered with 405. */
  readonly refuses: readonly Method[]
  /** Whether create_time and update_time are written into documents (§4.2). */
  readonly hasTimestamps: boolean
  /** The JSON Schema, as it is served. */
  readonly schema: object
  /** The complaint of the schema alone (`POST /schema/validate/...`), in APISIX's words. */
  checkSchema(document: unknown): string | undefined
  /**
   * Everything that can be said about a document by itself: not its references, and not its plugins, whose
   * schemas this package does not know. Undefined when all is well. `document` stays untouched.
   */
  check(document: unknown): string | undefined
  /** The same, and a copy with defaults. */
  parse(document: unknown): Parsed<T>
}

interface ResourceFacts<S> {
  readonly kind: string
  readonly name: string
  readonly collection: string
  readonly refuses?: readonly Method[]
  readonly hasTimestamps?: boolean
  readonly schema: S
  /** What documents are checked with, where Weir takes more than APISIX; `schema` is served all the same. */
  readonly wider?: object
  /** Whether texts may be references (etcd.md §6), however short. */
  readonly references?: boolean
  /** Complaints that come before those of the schema. */
  readonly before?: (document: JsonObject) => string | undefined
  /** Complaints about a document that satisfies the schema, defaults present. */
  readonly after?: (document: JsonObject) => string | undefined
}

export function defineResource<S extends object, T = Static<S>>(facts: ResourceFacts<S>): Resource<T> {
  const { before, after, refuses = [], hasTimestamps = true, schema } = facts
  const validator = compileSchema<T>(facts.wider ?? schema, { references: facts.references ?? false })

  function parse(document: unknown): Parsed<T> {
    const early = isJsonObject(document) ? before?.(document) : undefined
    if (early !== undefined) return { ok: false, error: early }
    const parsed = validator.parse(document)
    if (!parsed.ok) return { ok: false, error: `invalid configuration: ${parsed.error}` }
    const late = isJsonObject(parsed.value) ? after?.(parsed.value) : undefined
    return late === undefined ? parsed : { ok: false, error: late }
  }

  return {
    kind: facts.kind,
    name: facts.name,
    collection: facts.collection,
    refuses,
    hasTimestamps,
    schema,
    checkSchema: (document) => validator.check(document),
    parse,
    check(document) {
      const parsed = parse(document)
      return parsed.ok ? undefined : parsed.error
    },
  }
}
