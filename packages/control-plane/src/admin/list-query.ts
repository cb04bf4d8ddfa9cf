// Filters and pages of lists (contract: admin-api.md §3.3).
import type { Document } from '../view/document.ts'
import { idText } from './id-text.ts'
import { searchAll } from './search.ts'

const PAGE_SIZE_MIN = 10
const PAGE_SIZE_MAX = 500

export interface Page {
  /** Documents after filtering, before paging. */
  readonly total: number
  readonly documents: readonly Document[]
  readonly paged: boolean
}

interface Orders {
  byKey(): readonly Document[]
  byCreation(): readonly Document[]
}

/** The page that a query asks for, or the complaint. `plain`: APISIX says it without an envelope. */
export async function selectPage(
  orders: Orders,
  query: URLSearchParams,
  filterFields: ReadonlySet<string>,
): Promise<Page | { readonly complaint: string; readonly plain: boolean }> {
  const page = numberOf(query.get('page'))
  const size = numberOf(query.get('page_size'))
  const paged = page !== undefined && size !== undefined
  if (paged && (size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX)) {
    return { complaint: `page_size must be between ${PAGE_SIZE_MIN} and ${PAGE_SIZE_MAX}`, plain: true }
  }
  const found = await filter(paged ? orders.byCreation() : orders.byKey(), query, filterFields)
  if (typeof found === 'string') return { complaint: found, plain: false }
  if (!paged) return { total: found.length, documents: found, paged }
  const start = (Math.max(1, Math.floor(page)) - 1) * Math.floor(size)
  return { total: found.length, documents: found.slice(start, start + Math.floor(size)), paged }
}

/** As Lua reads a number: blanks around it are fine, anything else is none. */
export function numberOf(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

async function filter(
  documents: readonly Document[],
  query: URLSearchParams,
  filterFields: ReadonlySet<string>,
): Promise<readonly Document[] | string> {
  let left = documents
  const label = query.get('label')
  if (label !== null) left = left.filter(({ facts }) => facts.labels.includes(label))
  const fields = query.get('filter')
  if (fields !== null) left = byFields(left, new URLSearchParams(fields), filterFields)
  // The expressions come last: they cost most.
  for (const [argument, textsOf] of searches) {
    const pattern = query.get(argument)
    if (pattern === null) continue
    const found = await searchAll(pattern, left.map(textsOf))
    if (!found.ok) return `invalid argument ${argument}: ${found.error}`
    left = left.filter((_, i) => found.matches[i])
  }
  return left
}

const searches: readonly (readonly [string, (document: Document) => readonly string[]])[] = [
  // A missing name is searched as the text that Lua would make of it.
  ['name', ({ facts }) => [facts.name === undefined ? 'nil' : idText(facts.name)]],
  ['uri', ({ facts }) => facts.uris],
]

/** Strict equality with the stored value: a stored number never equals the text of the query. */
function byFields(documents: readonly Document[], fields: URLSearchParams, allowed: ReadonlySet<string>) {
  const serviceId = allowed.has('service_id') ? fields.getAll('service_id').at(-1) : undefined
  const upstreamId = allowed.has('upstream_id') ? fields.getAll('upstream_id').at(-1) : undefined
  return documents.filter(
    ({ facts }) =>
      (serviceId === undefined || facts.serviceId === serviceId) &&
      (upstreamId === undefined || facts.upstreamId === upstreamId),
  )
}
