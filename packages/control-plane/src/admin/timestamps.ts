// create_time and update_time (contract: admin-api.md §4.2).
import { isJsonObject, type JsonObject } from '@weir/contract'

const members = ['create_time', 'update_time'] as const

/** PUT and POST may not set them, nor may parts of the document have members of these names. */
export function forbiddenTimestamp(document: JsonObject): string | undefined {
  const places = [
    ['', document],
    ['upstream.', document['upstream']],
    ['plugins.', document['plugins']],
  ] as const
  for (const [prefix, place] of places) {
    if (!isJsonObject(place)) continue
    const found = members.find((name) => Object.hasOwn(place, name) && place[name] !== false)
    if (found !== undefined) return `the property is forbidden:  ${prefix}${found}`
  }
  return undefined
}

/** For a PUT or POST. The first time is kept when the document replaces one. */
export function stamp(document: JsonObject, previous: JsonObject | undefined, now: number): void {
  document['create_time'] = previous?.['create_time'] ?? now
  document['update_time'] = now
}

/** For a PATCH, which may set both times itself; `patch` is the merge patch, if it is one. */
export function stampPatched(document: JsonObject, patch: JsonObject | undefined, now: number): void {
  document['create_time'] ??= now
  const given = patch?.['update_time']
  if (given === undefined || given === null) document['update_time'] = now
}
