// PATCH: a part of a document is changed, and nothing that somebody else wrote meanwhile is lost (contract:
// admin-api.md §4.4).
import { isJsonObject, type JsonObject } from '@weir/contract'
import { keyNotFound, refuse, reply, type Reply } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import type { Admin } from './admin.ts'
import { commit } from './commit.ts'
import { checkDocument, needsOf } from './document-check.ts'
import { decryptDocument, encryptDocument } from './encryption.ts'
import { putId } from './identity.ts'
import { mergePatch, setAtPath } from './merge.ts'
import { keyOf, nameIn, type AdminResource } from './resource.ts'
import { stampPatched } from './timestamps.ts'
import { withWarning } from './unsupported-plugins.ts'
import type { Write } from './write.ts'

export async function patch(resource: AdminResource, write: Write, admin: Admin): Promise<Reply> {
  const { id, parent, rest } = write.target
  if (id === undefined) return refuse(400, resource.patchWithoutId ?? `missing ${resource.contract.kind} id`)
  if (write.body === undefined) return refuse(400, 'missing new configuration')
  const change = changeOf(write.body, rest)
  if (change === undefined) return refuse(400, 'invalid configuration')
  const unpatchable = change.merged && resource.checkPatch?.(change.merged)
  if (unpatchable !== undefined) return refuse(400, unpatchable)

  const name = nameIn(resource, id, parent)
  const key = keyOf(resource, id, parent)
  const committed = await commit(
    {
      key,
      changes: true,
      ttlSeconds: write.ttlSeconds,
      async make(previous) {
        if (previous === undefined) return keyNotFound
        const patched = patchedDocument(resource, previous.value, change, admin)
        if ('complaint' in patched) return refuse(400, patched.complaint)
        const { document } = patched
        const identity = putId(resource, id, document)
        if ('complaint' in identity) return refuse(400, identity.complaint)
        const complaint = await checkDocument(resource, name, document, admin)
        if (complaint !== undefined) return refuse(400, complaint)
        const needs = needsOf(resource, name, document)
        encryptDocument(resource, document, admin)
        return { document, needs }
      },
    },
    admin,
  )
  if ('refusal' in committed) return committed.refusal
  const answer = reply(200, { key: admin.store.prefix + key, value: committed.document })
  return withWarning(answer, resource, committed.document, admin.plugins)
}

function patchedDocument(
  resource: AdminResource,
  stored: string,
  change: Change,
  admin: Admin,
): { readonly document: JsonObject } | { readonly complaint: string } {
  const document = parseDocument(stored)
  if (document === undefined) return { complaint: 'the stored document is not a JSON object; PUT a new one' }
  // Merged as ciphertext, secrets would be encrypted a second time.
  decryptDocument(resource, document, admin)
  const badPath = change.apply(document)
  if (badPath !== undefined) return { complaint: badPath }
  stampPatched(document, change.merged, admin.now())
  return { document }
}

interface Change {
  /** Changes the document; answers the complaint when it cannot. */
  apply(document: JsonObject): string | undefined
  /** The merge patch, when it is one. */
  readonly merged: JsonObject | undefined
}

/** Undefined when the body is not what this form of PATCH takes. */
function changeOf(body: unknown, path: readonly string[]): Change | undefined {
  if (path.length > 0) return { apply: (document) => setAtPath(document, path, body), merged: undefined }
  const merged = Array.isArray(body) && body.length === 0 ? {} : body
  if (!isJsonObject(merged)) return undefined
  return {
    merged,
    apply(document) {
      mergePatch(document, merged)
      return undefined
    },
  }
}
