// PUT and POST: a whole document is stored (contract: admin-api.md §4).
import { isJsonObject, type JsonObject } from '@weir/contract'
import { refuse, reply, type Reply } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import type { DocumentName } from '../view/keys.ts'
import type { Admin } from './admin.ts'
import { commit } from './commit.ts'
import { checkDocument, needsOf } from './document-check.ts'
import { encryptDocument } from './encryption.ts'
import { postComplaint, putId } from './identity.ts'
import { newId } from './new-id.ts'
import type { Target } from './path.ts'
import { removeLeftovers } from './remove.ts'
import { keyOf, nameIn, type AdminResource } from './resource.ts'
import { forbiddenTimestamp, stamp } from './timestamps.ts'
import { withWarning } from './unsupported-plugins.ts'

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
  const name = nameIn(resource, identity.id, target.parent)
  const complaint = await complaintAbout(resource, name, document, admin)
  if (complaint !== undefined) return refuse(400, complaint)
  if (resource.idMember === 'path') document['id'] = name.id
  return store(resource, name, document, write, admin)
}

export async function post(resource: AdminResource, write: Write, admin: Admin): Promise<Reply> {
  const { target, body } = write
  const parsed = documentOf(resource, body)
  if ('refusal' in parsed) return parsed.refusal
  const { document } = parsed
  const wrongId = postComplaint(resource, target.id, document)
  if (wrongId !== undefined) return refuse(400, wrongId)
  const complaint = await complaintAbout(resource, nameIn(resource, '', target.parent), document, admin)
  if (complaint !== undefined) return refuse(400, complaint)
  const id = await newId(resource, target.parent, admin)
  document['id'] = id
  return store(resource, nameIn(resource, id, target.parent), document, write, admin)
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

async function complaintAbout(
  resource: AdminResource,
  name: DocumentName,
  document: JsonObject,
  admin: Admin,
): Promise<string | undefined> {
  return (
    forbiddenTimestamp(document) ??
    resource.bind?.(document, name) ??
    (await checkDocument(resource, name, document, admin))
  )
}

async function store(
  resource: AdminResource,
  name: DocumentName,
  document: JsonObject,
  { ttlSeconds }: Write,
  admin: Admin,
): Promise<Reply> {
  const key = keyOf(resource, name.id, name.parent)
  const needs = needsOf(resource, name, document)
  encryptDocument(resource, document, admin)
  const committed = await commit(
    {
      key,
      changes: false,
      ttlSeconds,
      make(previous) {
        if (resource.contract.hasTimestamps)
          stamp(document, previous && parseDocument(previous.value), admin.now())
        return { document, needs }
      },
    },
    admin,
  )
  if ('refusal' in committed) return committed.refusal
  if (committed.created) await removeLeftovers(resource, key, name.id, admin)
  const answer = reply(committed.created ? 201 : 200, { key: admin.store.prefix + key, value: document })
  return withWarning(answer, resource, document, admin.plugins)
}
