// PUT and POST: a whole document is stored (contract: admin-api.md §4).
import { isJsonObject, type JsonObject } from '@weir/contract'
import { refuse, reply, type Reply } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import type { Admin } from './admin.ts'
import { checkDocument } from './document-check.ts'
import { encryptDocument } from './encryption.ts'
import { postComplaint, putId } from './identity.ts'
import type { Target } from './path.ts'
import { keyOf, nameIn, type AdminResource } from './resource.ts'
import { forbiddenTimestamp, stamp } from './timestamps.ts'

export interface Write {
  readonly target: Target
  /** The parsed body; undefined when there was none. */
  readonly body: unknown
  readonly ttlSeconds: number | undefined
}

export async function put(resource: AdminResource, write: Write, admin: Admin): Promise<Reply> {
  const { target, body } = write
  const parsed = documentOf(resource, body)
  if ('refusal' in parsed) return parsed.refusal
  const { document } = parsed
  const identity = putId(resource, target.id, document)
  if ('complaint' in identity) return refuse(400, identity.complaint)
  const { id } = identity
  const name = nameIn(resource, id, target.parent)
  const complaint = forbiddenTimestamp(document) ?? (await checkDocument(resource, name, document, admin))
  if (complaint !== undefined) return refuse(400, complaint)
  if (resource.idMember === 'path') document['id'] = id
  const key = keyOf(resource, id, target.parent)
  const missing = await missingAbove(resource, target.parent, admin)
  if (missing !== undefined) return missing
  if (resource.contract.hasTimestamps) {
    const { entry } = await admin.store.get(key)
    stamp(document, entry && parseDocument(entry.value), admin.now())
  }
  return writeDocument(resource, key, document, write, admin)
}

export async function post(resource: AdminResource, write: Write, admin: Admin): Promise<Reply> {
  const { target, body } = write
  const parsed = documentOf(resource, body)
  if ('refusal' in parsed) return parsed.refusal
  const { document } = parsed
  const wrongId = postComplaint(resource, target.id, document) ?? forbiddenTimestamp(document)
  if (wrongId !== undefined) return refuse(400, wrongId)
  const complaint = await checkDocument(resource, nameIn(resource, '', target.parent), document, admin)
  if (complaint !== undefined) return refuse(400, complaint)
  const id = await admin.store.allocateId()
  document['id'] = id
  stamp(document, undefined, admin.now())
  return writeDocument(resource, keyOf(resource, id, target.parent), document, write, admin)
}

/** A JSON scalar breaks APISIX; here it is a document of the wrong type. */
function documentOf(
  resource: AdminResource,
  body: unknown,
): { readonly document: JsonObject } | { readonly refusal: Reply } {
  if (body === undefined) return { refusal: refuse(400, 'missing configurations') }
  if (isJsonObject(body)) return { document: body }
  // In Lua the empty array and the empty object are one.
  if (Array.isArray(body) && body.length === 0) return { document: {} }
  return { refusal: refuse(400, resource.contract.check(body) ?? 'invalid configuration') }
}

async function missingAbove({ above }: AdminResource, parent: string | undefined, { store }: Admin) {
  if (above === undefined) return undefined
  const { entry } = await store.get(`/${above.directory}/${parent}`)
  return entry === undefined ? refuse(404, above.missing) : undefined
}

async function writeDocument(
  resource: AdminResource,
  key: string,
  document: JsonObject,
  { ttlSeconds }: Write,
  admin: Admin,
): Promise<Reply> {
  encryptDocument(resource, document, admin)
  const options = ttlSeconds === undefined ? {} : { ttlSeconds }
  const { created, revision } = await admin.store.put(key, JSON.stringify(document), options)
  admin.view.wrote(revision)
  return reply(created ? 201 : 200, { key: admin.store.prefix + key, value: document })
}
