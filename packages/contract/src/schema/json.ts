// Small questions about JSON values.

export type JsonObject = { [key: string]: unknown }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy of a JSON value. Members named `__proto__` stay ordinary members. */
export function copyJson<T>(value: T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy has the same type
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (!isJsonObject(value)) return value
  const members: JsonObject = { ...value }
  for (const key of Object.keys(members)) members[key] = copy(members[key])
  return members
}
