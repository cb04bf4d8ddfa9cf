// GET: one document, or the list of them (contract: admin-api.md §3).
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonObject } from '@weir/contract'
import { keyNotFound, refuse, reply, type Reply } from '../http/reply.ts'
import { parseDocument, type Document } from '../view/document.ts'
import type { Admin } from './admin.ts'
import { decryptDocument } from './encryption.ts'
import { selectPage } from './list-query.ts'
import type { Target } from './path.ts'
import { keyOf, type AdminResource } from './resource.ts'

/** Long lists are written in pieces of so many documents, so that other requests get their turn. */
const DOCUMENTS_PER_TURN = 500

const noFilters: ReadonlySet<string> = new Set()

export async function get(
  resource: AdminResource,
  target: Target,
  query: URLSearchParams,
  admin: Admin,
): Promise<Reply> {
  return target.id === undefined
    ? list(resource, target.parent, query, admin)
    : getOne(resource, keyOf(resource, target.id, target.parent), admin)
}

async function getOne(resource: AdminResource, key: string, admin: Admin): Promise<Reply> {
  const { entry } = await admin.store.get(key)
  if (entry === undefined) return keyNotFound
  // What somebody wrote past the Admin API may be no JSON; then its text is shown.
  const value = parseDocument(entry.value) ?? entry.value
  if (typeof value === 'object') prepareToShow(resource, value, admin)
  const { createRevision: createdIndex, modRevision: modifiedIndex } = entry
  return reply(200, { key: admin.store.prefix + entry.key, value, createdIndex, modifiedIndex })
}

async function list(
  resource: AdminResource,
  parent: string | undefined,
  query: URLSearchParams,
  admin: Admin,
): Promise<Reply> {
  await freshen(resource, admin)
  const directory = admin.view.directory(resource.contract.collection, parent)
  // Directories below a document have no placeholder: empty, they are not there.
  if (parent !== undefined && directory.isEmpty) return keyNotFound
  const page = await selectPage(directory, query, resource.listFilters ?? noFilters)
  if ('complaint' in page) {
    return page.plain ? { status: 400, text: page.complaint, versioned: true } : refuse(400, page.complaint)
  }
  const { total, documents, paged } = page
  // An empty page prints as Lua's empty table, which is an object.
  if (paged && documents.length === 0)
    return { status: 200, json: `{"total":${total},"list":{}}`, versioned: true }
  const start = `{"total":${total},"list":[`
  const json =
    documents.length > DOCUMENTS_PER_TURN
      ? piecesOf(start, resource, documents, admin)
      : `${start}${itemsOf(resource, documents, admin)}]}`
  return { status: 200, json, versioned: true }
}

/**
 * One small question to the store: it says whether the store is there at all, and how far the view has to be to show
 * what others have written.
 */
async function freshen(resource: AdminResource, { store, view }: Admin): Promise<void> {
  const { revision } = await store.get(`/${resource.contract.collection}/`)
  await view.caughtUp()
  await view.reached(revision)
}

/** A long list, written while it is sent. */
async function* piecesOf(
  start: string,
  resource: AdminResource,
  documents: readonly Document[],
  admin: Admin,
): AsyncGenerator<string> {
  for (let i = 0; i < documents.length; i += DOCUMENTS_PER_TURN) {
    const items = itemsOf(resource, documents.slice(i, i + DOCUMENTS_PER_TURN), admin)
    yield (i === 0 ? start : ',') + items
    await nextTurn()
  }
  yield ']}'
}

function itemsOf(resource: AdminResource, documents: readonly Document[], admin: Admin): string {
  return documents.map((document) => itemOf(resource, document, admin)).join(',')
}

function itemOf(resource: AdminResource, document: Document, admin: Admin): string {
  const key = JSON.stringify(admin.store.prefix + document.key)
  const indexes = `"createdIndex":${document.createRevision},"modifiedIndex":${document.modRevision}`
  return `{"key":${key},"value":${valueOf(resource, document, admin)},${indexes}}`
}

/** The stored text is JSON already; only what has secrets is taken apart. */
function valueOf(resource: AdminResource, document: Document, admin: Admin): string {
  if (!document.facts.hasPlugins && resource.privateKeys === undefined) return document.value
  const value = parseDocument(document.value)
  if (value === undefined) return document.value
  prepareToShow(resource, value, admin)
  return JSON.stringify(value)
}

function prepareToShow(resource: AdminResource, value: JsonObject, admin: Admin): void {
  decryptDocument(resource, value, admin)
  if (resource.privateKeys?.hidden !== true) return
  for (const member of resource.privateKeys.members) delete value[member]
}
