// Says what is wrong with a value in the words of APISIX's validator (contract/admin-api.md §8).
//
// ajv has already decided and listed every error. APISIX names only one, so we walk the schema in the order in
// which its validator works and return the first error that ajv found, in APISIX's words.

import type { ErrorObject } from 'ajv'
import { isJsonObject, type JsonObject } from './json.ts'
import { codePoints } from './text.ts'
import { luaNumber, luaQuote, luaType } from './lua-text.ts'

/** A place in the schema and the value that belongs to it. */
interface Place {
  readonly schema: unknown
  readonly value: unknown
  readonly schemaPath: string
  readonly instancePath: string
}

interface Errors {
  /** By the places of the value and of the keyword in the schema. */
  readonly byPlace: ReadonlyMap<string, readonly ErrorObject[]>
  /** The places of values that are wrong or hold something wrong: most of thousands of items are neither. */
  readonly wrong: ReadonlySet<string>
}

type Rule = (place: Place, schema: JsonObject, errors: Errors) => string | undefined

/** The rules, in APISIX's order. */
const rules: readonly Rule[] = [
  wrongType,
  badMember,
  missingMember,
  missingDependency,
  badOtherMember,
  badSize,
  badItem,
  badString,
  badNumber,
  (place, _schema, errors) => (has(place, 'enum', errors) ? 'matches none of the enum values' : undefined),
  badPart,
  noAlternative,
  notExactlyOne,
  (place, _schema, errors) =>
    has(place, 'not', errors) ? "value wasn't supposed to match schema" : undefined,
  badFormat,
  (place, _schema, errors) => (has(place, 'const', errors) ? 'failed to check const value' : undefined),
  (place, _schema, errors) => (has(place, 'contains', errors) ? 'failed to check contains' : undefined),
  badBranch,
]

/** The complaint about a value that ajv refused. `errors` are all of ajv's (`allErrors`). */
export function complain(schema: unknown, value: unknown, errors: readonly ErrorObject[]): string {
  const byPlace = Map.groupBy(errors, (error) => `${error.instancePath} ${error.schemaPath}`)
  const known = complainAt(
    { schema, value, schemaPath: '#', instancePath: '' },
    { byPlace, wrong: wrongPlaces(errors) },
  )
  if (known !== undefined) return known
  const first = errors[0]
  return `failed to check ${first?.keyword ?? 'schema'}${first?.instancePath ? ` of ${first.instancePath}` : ''}`
}

function wrongPlaces(errors: readonly ErrorObject[]): ReadonlySet<string> {
  const places = new Set<string>()
  for (const { instancePath } of errors) {
    let path = instancePath
    while (!places.has(path)) {
      places.add(path)
      path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    }
  }
  return places
}

function complainAt(place: Place, errors: Errors): string | undefined {
  const { schema } = place
  if (!errors.wrong.has(place.instancePath)) return undefined
  if (schema === false) return 'expect false always'
  if (!isJsonObject(schema)) return undefined
  for (const rule of rules) {
    const complaint = rule(place, schema, errors)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function at(place: Place, keyword: string, errors: Errors): readonly ErrorObject[] {
  return errors.byPlace.get(`${place.instancePath} ${place.schemaPath}/${keyword}`) ?? []
}

function has(place: Place, keyword: string, errors: Errors): boolean {
  return at(place, keyword, errors).length > 0
}

/** The place of a member or item, whose schema stands at `path` below this one. */
function inside(
  place: Place,
  path: readonly (string | number)[],
  schema: unknown,
  key: string | number,
): Place {
  return {
    ...below(place, path, schema),
    value: Reflect.get(Object(place.value), key),
    instancePath: instancePathOf(place, key),
  }
}

function instancePathOf(place: Place, key: string | number): string {
  return `${place.instancePath}/${escapePointer(String(key))}`
}

/** The place of a sub-schema that judges the same value. */
function below(place: Place, path: readonly (string | number)[], schema: unknown): Place {
  const steps = path.map((step) => `/${encodeURIComponent(escapePointer(String(step)))}`)
  return { ...place, schema, schemaPath: place.schemaPath + steps.join('') }
}

function escapePointer(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1')
}

function wrongType(place: Place, { type }: JsonObject, errors: Errors): string | undefined {
  if (!has(place, 'type', errors)) return undefined
  const expected = Array.isArray(type) ? `one of ${type.join(', ')}` : String(type)
  return `wrong type: expected ${expected}, got ${luaType(place.value)}`
}

/** Declared members one by one: a wrong one and a missing one are named where they stand. */
function badMember(place: Place, { properties }: JsonObject, errors: Errors): string | undefined {
  if (!isJsonObject(properties) || !isJsonObject(place.value)) return undefined
  const missing = new Set(at(place, 'required', errors).map((error) => error.params['missingProperty']))
  for (const [name, schema] of Object.entries(properties)) {
    if (missing.has(name)) return `property ${luaQuote(name)} is required`
    if (!Object.hasOwn(place.value, name)) continue
    const inner = complainAt(inside(place, ['properties', name], schema, name), errors)
    if (inner !== undefined) return `property ${luaQuote(name)} validation failed: ${inner}`
  }
  return undefined
}

function missingMember(place: Place, _schema: JsonObject, errors: Errors): string | undefined {
  const [first] = at(place, 'required', errors)
  return first && `property ${luaQuote(first.params['missingProperty'])} is required`
}

function missingDependency(place: Place, { dependencies }: JsonObject, errors: Errors): string | undefined {
  const [first] = at(place, 'dependencies', errors)
  if (first !== undefined) {
    const { missingProperty, property } = first.params
    return `property ${luaQuote(missingProperty)} is required when ${luaQuote(property)} is set`
  }
  if (!isJsonObject(dependencies) || !isJsonObject(place.value)) return undefined
  for (const [name, schema] of Object.entries(dependencies)) {
    if (!Object.hasOwn(place.value, name)) continue
    const inner = complainAt(below(place, ['dependencies', name], schema), errors)
    if (inner !== undefined) return `failed to validate dependent schema for ${luaQuote(name)}: ${inner}`
  }
  return undefined
}

function badOtherMember(place: Place, schema: JsonObject, errors: Errors): string | undefined {
  if (!isJsonObject(place.value)) return undefined
  const { patternProperties, additionalProperties, properties } = schema
  const declared = isJsonObject(properties) ? properties : {}
  const [forbidden] = at(place, 'additionalProperties', errors)
  for (const name of Object.keys(place.value)) {
    if (!errors.wrong.has(instancePathOf(place, name))) continue
    if (isJsonObject(patternProperties)) {
      for (const [pattern, member] of Object.entries(patternProperties)) {
        const inner = complainAt(inside(place, ['patternProperties', pattern], member, name), errors)
        if (inner !== undefined) return `failed to validate ${name} (matching ${luaQuote(pattern)}): ${inner}`
      }
    }
    if (isJsonObject(additionalProperties) && !Object.hasOwn(declared, name)) {
      const inner = complainAt(inside(place, ['additionalProperties'], additionalProperties, name), errors)
      if (inner !== undefined) return `failed to validate additional property ${name}: ${inner}`
    }
  }
  return forbidden && `additional properties forbidden, found ${forbidden.params['additionalProperty']}`
}

function badSize(place: Place, schema: JsonObject, errors: Errors): string | undefined {
  if (has(place, 'minProperties', errors)) {
    return `expect object to have at least ${String(schema['minProperties'])} properties`
  }
  if (has(place, 'maxProperties', errors)) {
    return `expect object to have at most ${String(schema['maxProperties'])} properties`
  }
  if (has(place, 'minItems', errors))
    return `expect array to have at least ${String(schema['minItems'])} items`
  if (has(place, 'maxItems', errors))
    return `expect array to have at most ${String(schema['maxItems'])} items`
  return undefined
}

function badItem(place: Place, { items, additionalItems }: JsonObject, errors: Errors): string | undefined {
  const { value } = place
  if (!Array.isArray(value)) return undefined
  for (let i = 0; i < value.length; i += 1) {
    const tuple = Array.isArray(items)
    const extra = tuple && i >= items.length
    if (extra && has(place, 'additionalItems', errors)) return 'found unexpected extra items in array'
    if (!errors.wrong.has(`${place.instancePath}/${i}`)) continue
    const schema = extra ? additionalItems : tuple ? items[i] : items
    const path = extra ? ['additionalItems'] : tuple ? ['items', i] : ['items']
    const inner = complainAt(inside(place, path, schema, i), errors)
    if (inner !== undefined)
      return `failed to validate ${extra ? 'additional item' : 'item'} ${i + 1}: ${inner}`
  }
  const [twins] = at(place, 'uniqueItems', errors)
  if (twins === undefined) return undefined
  const [first, second] = ascending(twins.params['i'], twins.params['j'])
  return `expected unique items but items ${first} and ${second} are equal`
}

/** Two positions counted from 0, as Lua counts: from 1. */
function ascending(one: number, other: number): readonly [number, number] {
  return [Math.min(one, other) + 1, Math.max(one, other) + 1]
}

function badString(place: Place, schema: JsonObject, errors: Errors): string | undefined {
  const { value } = place
  if (typeof value !== 'string') return undefined
  const length = codePoints(value)
  if (has(place, 'minLength', errors)) {
    return `string too short, expected at least ${String(schema['minLength'])}, got ${length}`
  }
  if (has(place, 'maxLength', errors)) {
    return `string too long, expected at most ${String(schema['maxLength'])}, got ${length}`
  }
  if (has(place, 'pattern', errors)) {
    return `failed to match pattern ${luaQuote(String(schema['pattern']))} with ${luaQuote(value)}`
  }
  return undefined
}

const comparisons = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'greater than'],
  ['maximum', 'at most'],
  ['exclusiveMaximum', 'smaller than'],
  ['multipleOf', 'a multiple of'],
] as const

function badNumber(place: Place, schema: JsonObject, errors: Errors): string | undefined {
  const { value } = place
  if (typeof value !== 'number') return undefined
  for (const [keyword, words] of comparisons) {
    if (!has(place, keyword, errors)) continue
    return `expected ${luaNumber(value)} to be ${words} ${luaNumber(Number(schema[keyword]))}`
  }
  return undefined
}

function badPart(place: Place, { allOf }: JsonObject, errors: Errors): string | undefined {
  if (!Array.isArray(allOf)) return undefined
  for (const [i, part] of allOf.entries()) {
    const inner = complainAt(below(place, ['allOf', i], part), errors)
    if (inner !== undefined) return `allOf ${i + 1} failed: ${inner}`
  }
  return undefined
}

function noAlternative(place: Place, { anyOf }: JsonObject, errors: Errors): string | undefined {
  if (!has(place, 'anyOf', errors) || !Array.isArray(anyOf)) return undefined
  const lists = anyOf.flatMap((one) =>
    isJsonObject(one) && one['required'] ? [JSON.stringify(one['required'])] : [],
  )
  const wanted = lists.length > 0 ? `: ${lists.join(' or ')}` : ''
  return `object matches none of the required${wanted}`
}

function notExactlyOne(place: Place, _schema: JsonObject, errors: Errors): string | undefined {
  const [first] = at(place, 'oneOf', errors)
  if (first === undefined) return undefined
  const both: readonly number[] | null = first.params['passingSchemas']
  if (both === null) return 'value should match only one schema, but matches none'
  const [one, other] = ascending(both[0] ?? 0, both[1] ?? 0)
  return `value should match only one schema, but matches both schemas ${one} and ${other}`
}

function badFormat(place: Place, { format }: JsonObject, errors: Errors): string | undefined {
  if (!has(place, 'format', errors)) return undefined
  return `expect valid ${String(format)} format but got: ${String(place.value)}`
}

function badBranch(place: Place, _schema: JsonObject, errors: Errors): string | undefined {
  const [first] = at(place, 'if', errors)
  return first && `${first.params['failingKeyword']} clause did not match`
}
