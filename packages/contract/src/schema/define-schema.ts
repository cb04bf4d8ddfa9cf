// A schema is a JSON Schema literal: ajv, the Admin API and the type system read the same object.

import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { compileSchema, type CompileOptions, type Validator } from './compile.ts'

/** Plain JSON Schema (draft 7), as the Admin API serves it. */
export type JsonSchema = JSONSchema

/** A schema and its validator; compiled at the first use. `T` is the type of its values after parsing. */
export interface Schema<T> extends Validator<T> {
  readonly json: object
}

/** The type of a schema's values after parsing: members with a default are present. */
export type Static<S> =
  S extends Schema<infer T> ? T : Bare<S> extends infer B extends JSONSchema ? FromSchema<B> : never

type Conditions = 'allOf' | 'anyOf' | 'oneOf' | 'not' | 'if' | 'then' | 'else' | 'dependencies'

/**
 * Conditions between the members of an object say which combinations are allowed, not which members exist. As
 * types they would multiply into unions that nobody reads, so types ignore them.
 */
type Bare<S> = S extends { readonly properties: object }
  ? {
      readonly [K in keyof S as K extends Conditions ? never : K]: K extends 'properties'
        ? { readonly [P in keyof S[K]]: Bare<S[K][P]> }
        : S[K]
    }
  : S extends { readonly items: infer Item extends { readonly properties: object } }
    ? { readonly [K in keyof S]: K extends 'items' ? Bare<Item> : S[K] }
    : S

/**
 * Declares a schema. Parts of schemas that others build on are plain literals (`as const`) or another schema's
 * `json`. In the values of a plugin's schema references pass, which is the default here; see CompileOptions.
 *
 * The parameter is not declared as `S extends JSONSchema`, because then a literal written inline costs the type
 * checker a minute and ends in an error; NoInfer keeps it from inferring backwards from the expected result.
 */
export function defineSchema<const S extends object>(
  json: S & (S extends JSONSchema ? unknown : never),
  options: CompileOptions = { references: true },
): NoInfer<Schema<Static<S>> & { readonly json: S }> {
  return { json, ...compileSchema<Static<S>>(json, options) }
}
