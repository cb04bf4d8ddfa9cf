// Puts config.yaml over the defaults (contract/etcd.md §9, "config.yaml merge").

import { GatewayError } from '../errors/index.ts'
import { isJsonObject, type JsonObject } from '../schema/index.ts'
import { luaType } from '../schema/lua-text.ts'

/**
 * Objects merge, lists and scalars replace, `null` removes a default. Returns a new object.
 * @throws GatewayError `invalid_configuration` when a value is of another type than its default.
 */
export function mergeSettings(base: JsonObject, over: JsonObject, path = ''): JsonObject {
  const merged: JsonObject = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key] ?? undefined
    const here = path === '' ? key : `${path}->${key}`
    if (value === null) delete merged[key]
    else if (isJsonObject(value) && (before === undefined || isJsonObject(before))) {
      merged[key] = mergeSettings(before ?? {}, value, here)
    } else {
      const [expected, got] = [luaType(before), luaType(value)]
      if (before !== undefined && expected !== got && !mayChangeType(here, got)) {
        throw new GatewayError(
          'invalid_configuration',
          `failed to merge, path[${here}] expect: ${expected}, but got: ${got}`,
        )
      }
      merged[key] = value
    }
  }
  return merged
}

/** Where one kind of scalar may stand for another, and one port or key for a list of them. */
function mayChangeType(path: string, type: string): boolean {
  // An unquoted `on` is a boolean in YAML 1.1. The schema has the last word.
  if (path.startsWith('nginx_config->')) return type !== 'table'
  if (path === 'apisix->data_encryption->keyring') return true
  return path === 'apisix->node_listen' && type === 'number'
}
