// What the sections of config.yaml have in common.

import { isJsonObject, type JsonObject } from '../schema/index.ts'

/** A TCP port; 0 lets the system choose, which tests need. */
export const portSchema = { type: 'integer', minimum: 0, maximum: 65_535 } as const

/** nginx's way to say a time: seconds, or a text like `60s`, `500ms`, `1h 30m`. */
export const timeSchema = { type: ['string', 'number'] } as const

/** nginx's way to say a size: bytes, or a text like `64k`, `10m`. */
export const sizeSchema = { type: ['string', 'number'] } as const

/** nginx's way to say yes and no. */
export const switchSchema = { enum: [true, false, 'on', 'off'] } as const

export function isOn(value: boolean | 'on' | 'off'): boolean {
  return value === true || value === 'on'
}

/** The defaults that a schema holds; sections that are always present have the default `{}`. */
export function defaultsOf(schema: unknown): JsonObject {
  const defaults: JsonObject = {}
  if (!isJsonObject(schema) || !isJsonObject(schema['properties'])) return defaults
  for (const [name, member] of Object.entries(schema['properties'])) {
    if (!isJsonObject(member) || member['default'] === undefined) continue
    defaults[name] = isJsonObject(member['default']) ? defaultsOf(member) : member['default']
  }
  return defaults
}

/**
 * Leaves out the members that the schema does not know, and lists their names. Lists and objects without
 * declared members are taken whole.
 */
export function takeKnown(
  schema: unknown,
  value: unknown,
  path = '',
): { readonly known: unknown; readonly ignored: readonly string[] } {
  const members = isJsonObject(schema) ? schema['properties'] : undefined
  if (!isJsonObject(members) || !isJsonObject(value)) return { known: value, ignored: [] }
  const known: JsonObject = {}
  const ignored: string[] = []
  for (const [name, member] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`
    if (Object.hasOwn(members, name)) {
      const inner = takeKnown(members[name], member, here)
      known[name] = inner.known
      ignored.push(...inner.ignored)
    } else if (isJsonObject(schema) && schema['additionalProperties'] !== false) known[name] = member
    else ignored.push(here)
  }
  return { known, ignored }
}
