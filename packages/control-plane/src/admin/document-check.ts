// Everything that must be true of a document before it is stored (contract: admin-api.md §4).
import { isJsonObject, type JsonObject } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'
import type { Admin } from './admin.ts'
import { checkPlugins } from './plugin-check.ts'
import { checkClientCertificate, checkReferences } from './references.ts'
import type { AdminResource } from './resource.ts'

/** The complaint, or undefined when the document may be stored. What costs a question to the store comes last. */
export async function checkDocument(
  resource: AdminResource,
  name: DocumentName,
  document: JsonObject,
  admin: Admin,
): Promise<string | undefined> {
  const early =
    (resource.check === undefined
      ? resource.contract.check(document)
      : resource.check(document, name, admin)) ??
    resource.checkMore?.(document, admin) ??
    checkPluginsOf(resource, document, admin)
  if (early !== undefined) return early
  if (resource.unique !== undefined && document['plugins'] !== undefined) {
    await admin.view.caughtUp()
    const twin = resource.unique(document, name, admin)
    if (twin !== undefined) return twin
  }
  return (
    (await checkReferences(document, resource.references ?? [], admin.store)) ??
    checkClientCertificate(document, admin.store)
  )
}

function checkPluginsOf(resource: AdminResource, document: JsonObject, admin: Admin): string | undefined {
  const { plugins } = document
  if (resource.plugins === undefined || !isJsonObject(plugins)) return undefined
  const complaint = checkPlugins(plugins, resource.plugins, admin.plugins)
  if (complaint !== undefined) return `${resource.pluginComplaint ?? ''}${complaint}`
  return resource.checkPlugins?.(plugins, admin)
}
