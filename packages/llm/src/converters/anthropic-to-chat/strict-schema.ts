// A JSON Schema as OpenAI's strict structured output wants it: closed objects whose members are all required.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'

const listsOfSchemas = ['anyOf', 'oneOf', 'allOf'] as const
const mapsOfSchemas = ['properties', '$defs', 'definitions'] as const

export function strictSchema(schema: JsonObject): JsonObject {
  const strict: Record<string, unknown> = { ...schema }
  for (const key of mapsOfSchemas) {
    const map = schema[key]
    if (isJsonObject(map))
      strict[key] = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, nested(value)]))
  }
  for (const key of listsOfSchemas) {
    const list: unknown = schema[key]
    if (Array.isArray(list)) strict[key] = list.map(nested)
  }
  const { items, properties } = schema
  if (Array.isArray(items)) strict['items'] = items.map(nested)
  else if (items !== undefined) strict['items'] = nested(items)
  if (isJsonObject(properties)) {
    strict['additionalProperties'] = false
    strict['required'] = Object.keys(properties).toSorted()
  }
  return strict
}

function nested(value: unknown): unknown {
  return isJsonObject(value) ? strictSchema(value) : value
}
