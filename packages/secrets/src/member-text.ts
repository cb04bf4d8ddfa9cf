// A member of a secret as configuration takes it.
import type { JsonObject } from '@weir/contract'

/** Numbers and booleans as JSON writes them; undefined for what is no single value. */
export function toText(members: JsonObject, key: string): string | undefined {
  const member = Object.hasOwn(members, key) ? members[key] : undefined
  if (typeof member === 'string') return member
  return typeof member === 'number' || typeof member === 'boolean' ? String(member) : undefined
}
