// A stored document as the control plane's own copy keeps it: its text, and the little that questions are asked about.
import { isJsonObject, type JsonObject } from '@weir/contract'
import type { StoreEntry } from '@weir/config-store'

export interface Document extends StoreEntry {
  readonly facts: Facts
  /** Under which the view finds this document again; see terms.ts. */
  readonly terms: readonly string[]
}

/** What lists filter by. Everything else is read from the text when it is needed. */
export interface Facts {
  readonly name: unknown
  readonly uris: readonly string[]
  readonly labels: readonly string[]
  readonly serviceId: unknown
  readonly upstreamId: unknown
  /** Whether the document names plugins, whose secrets have to be decrypted before it is shown. */
  readonly hasPlugins: boolean
}

export function factsOf(value: JsonObject): Facts {
  const { name, uri, uris, labels, service_id: serviceId, upstream_id: upstreamId, plugins } = value
  const paths = [uri, ...(Array.isArray(uris) ? uris : [])]
  return {
    name,
    uris: paths.filter((path) => typeof path === 'string'),
    labels: isJsonObject(labels) ? Object.keys(labels) : [],
    serviceId,
    upstreamId,
    hasPlugins: isJsonObject(plugins) && Object.keys(plugins).length > 0,
  }
}

/** What is nested deeper was not written by an Admin API, and printing it would overflow the stack. */
const DEPTH_MAX = 1_000

/** The value of an entry, or undefined when it is not a JSON object, or one nested without end. */
export function parseDocument(text: string): JsonObject | undefined {
  if (depthOf(text) > DEPTH_MAX) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Of JSON, how deep its objects and arrays are nested. */
function depthOf(text: string): number {
  // As many levels need as many marks.
  if (text.length <= 2 * DEPTH_MAX) return 0
  let deepest = 0
  let depth = 0
  let inText = false
  for (let i = 0; i < text.length; i += 1) {
    const mark = text[i]
    if (inText) {
      if (mark === '\\') i += 1
      else if (mark === '"') inText = false
    } else if (mark === '"') inText = true
    else if (mark === '{' || mark === '[') deepest = Math.max(deepest, (depth += 1))
    else if (mark === '}' || mark === ']') depth -= 1
  }
  return deepest
}
