// Fills in a schema's defaults the way APISIX's validator does, which is not the way ajv would.

import { compilePattern } from './pattern.ts'
import { copyJson, isJsonObject, type JsonObject } from './json.ts'

/** Whether a value satisfies a sub-schema, needed to choose between `then` and `else`. */
export type Matches = (schema: object, value: unknown) => boolean

/**
 * Returns `value` with the schema's defaults filled in, changing objects and arrays in place.
 *
 * - A default is set when the member is absent and not required; the members of a default are not filled in
 *   further (contract/routing.md §10.1), and members of absent objects stay absent.
 * - Conditions come after the members, so `if` sees the defaults; ajv's own `useDefaults` would not.
 * - Alternatives (`anyOf`, `oneOf`) fill in nothing.
 * - An empty array where an object is wanted, and the reverse, is the empty one wanted: in Lua, where most
 *   documents in existence were checked, they are the same thing.
 */
export function fillDefaults(schema: unknown, value: unknown, matches: Matches): unknown {
  if (!isJsonObject(schema)) return value
  const filled = asWanted(schema['type'], value)
  if (isJsonObject(filled)) fillObject(schema, filled, matches)
  else if (Array.isArray(filled)) fillArray(schema, filled, matches)
  if (Array.isArray(schema['allOf'])) for (const part of schema['allOf']) fillDefaults(part, filled, matches)
  if (isJsonObject(schema['if'])) {
    fillDefaults(matches(schema['if'], filled) ? schema['then'] : schema['else'], filled, matches)
  }
  return filled
}

function asWanted(type: unknown, value: unknown): unknown {
  if (type === 'object' && Array.isArray(value) && value.length === 0) return {}
  if (type === 'array' && isJsonObject(value) && Object.keys(value).length === 0) return []
  return value
}

function fillObject(schema: JsonObject, object: JsonObject, matches: Matches): void {
  const { properties, required, patternProperties, additionalProperties } = schema
  if (isJsonObject(properties)) {
    for (const [name, member] of Object.entries(properties)) {
      if (Object.hasOwn(object, name)) {
        object[name] = fillDefaults(member, object[name], matches)
      } else if (isJsonObject(member) && member['default'] !== undefined) {
        if (!Array.isArray(required) || !required.includes(name))
          object[name] = asWanted(member['type'], copyJson(member['default']))
      }
    }
  }
  for (const name of Object.keys(object)) {
    if (isJsonObject(properties) && Object.hasOwn(properties, name)) continue
    const member = schemaOfOther(name, patternProperties, additionalProperties)
    if (member !== undefined) object[name] = fillDefaults(member, object[name], matches)
  }
}

/** The schema of a member that is not declared by name. */
function schemaOfOther(name: string, patterns: unknown, rest: unknown): unknown {
  if (!isJsonObject(patterns)) return isJsonObject(rest) ? rest : undefined
  for (const [pattern, member] of Object.entries(patterns)) {
    if (pattern === '.*' || compiled(pattern).test(name)) return member
  }
  return rest
}

const patternsMax = 1000
const compiledPatterns = new Map<string, RegExp>()

function compiled(pattern: string): RegExp {
  const known = compiledPatterns.get(pattern)
  if (known !== undefined) return known
  const made = compilePattern(pattern)
  if (compiledPatterns.size < patternsMax) compiledPatterns.set(pattern, made)
  return made
}

function fillArray(schema: JsonObject, array: unknown[], matches: Matches): void {
  const { items } = schema
  for (let i = 0; i < array.length; i += 1) {
    array[i] = fillDefaults(Array.isArray(items) ? items[i] : items, array[i], matches)
  }
}
