// Small questions about JSON values.

export type JsonObject = { [key: string]: unknown }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy of a JSON value. Members named `__proto__` stay ordinary members. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyJson) as T
  if (!isJsonObject(value)) return value
  const copy: JsonObject = { ...value }
  for (const key of Object.keys(copy)) copy[key] = copyJson(copy[key])
  return copy as T
}
