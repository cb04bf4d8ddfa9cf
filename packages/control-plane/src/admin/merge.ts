// The two ways to PATCH a document (contract: admin-api.md §4.4). Both change the first argument, a fresh copy.
import { isJsonObject, type JsonObject } from '@weir/contract'

/** Objects merge, arrays and scalars replace, null removes: also in objects that are new (RFC 7396). */
export function mergePatch(target: JsonObject, patch: JsonObject): void {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name]
    else if (!isJsonObject(value)) setMember(target, name, value)
    else {
      const old = Object.hasOwn(target, name) ? target[name] : undefined
      const merged = isJsonObject(old) ? old : {}
      mergePatch(merged, value)
      setMember(target, name, merged)
    }
  }
}

/**
 * Sets the member at `path`, making the objects on the way. Answers the complaint when a scalar stands in the way.
 * An array becomes an object with one more member, as a Lua table does: validation then says that no array is there.
 */
export function setAtPath(target: JsonObject, path: readonly string[], value: unknown): string | undefined {
  let place = target
  for (const [depth, name] of path.entries()) {
    if (depth === path.length - 1) {
      setMember(place, name, value)
      return undefined
    }
    const next = Object.hasOwn(place, name) ? place[name] : {}
    const object: unknown = Array.isArray(next) ? Object.assign({}, next) : next
    if (!isJsonObject(object)) return `invalid sub-path: /${path.slice(0, depth + 1).join('/')}`
    setMember(place, name, object)
    place = object
  }
  return undefined
}

/** Assignment to `__proto__` would set the prototype instead of a member. */
function setMember(target: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true })
}
