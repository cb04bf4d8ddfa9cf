// What YAML writes as null, or as nothing, is an empty table for APISIX: `key-auth:` is the plugin with its defaults.

import { isJsonObject } from '../schema/index.ts'

/** A copy in which every null is an empty object. */
export function withoutNulls(value: unknown): unknown {
  if (value === null) return {}
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutNulls(member)]))
}
