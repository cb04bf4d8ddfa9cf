// Everything that must be true of a document before it is stored (contract: admin-api.md §4).
import { Turns } from '@weir/config-store/turns'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { refuse } from '../http/reply.ts'
import type { DocumentName } from '../view/keys.ts'
import type { Admin } from './admin.ts'
import type { Encryption } from './encryption.ts'
import { checkLimitGroup, limitGroupOf } from './limit-groups.ts'
import { compileSchemas } from './compile-schemas.ts'
import { checkPlugins } from './plugin-check.ts'
import { referencesOf, type Need } from './references.ts'
import type { AdminResource, Complaint } from './resource.ts'

/** The complaint, or undefined when the document may be stored as far as it goes by itself and by the view. */
export async function checkDocument(
  resource: AdminResource,
  name: DocumentName,
  document: JsonObject,
  admin: Admin,
): Promise<string | undefined> {
  await compileSchemas(resource, document, admin.plugins, new Turns())
  const early = await checkByItself(resource, name, document, admin)
  if (early !== undefined) return early
  const { plugins } = document
  const unique =
    resource.unique && document[resource.unique.member] !== undefined ? resource.unique : undefined
  const isInGroup = resource.plugins !== undefined && limitGroupOf(plugins) !== undefined
  if (unique === undefined && !isInGroup) return undefined
  await admin.view.caughtUp()
  const complaint = unique?.check(document, name, admin)
  if (complaint !== undefined || !isInGroup || !isJsonObject(plugins)) return complaint
  const mismatch = checkLimitGroup(plugins, name, admin)
  return mismatch && `${resource.pluginComplaint ?? ''}${mismatch}`
}

/** The documents that must exist: the one above it, and those to which it refers. */
export function needsOf(resource: AdminResource, name: DocumentName, document: JsonObject): readonly Need[] {
  const { above, references = [] } = resource
  const all = [...referencesOf(document, references), ...(resource.needs?.(document, name) ?? [])]
  if (above === undefined) return all
  const key = `/${above.directory}/${name.parent}`
  return [{ key, refusal: (found) => (found === undefined ? refuse(404, above.missing) : undefined) }, ...all]
}

/** The complaint that needs no other document; a promise only where finding it takes long. */
export function checkByItself(
  resource: AdminResource,
  name: DocumentName,
  document: JsonObject,
  admin: Encryption,
): Complaint | Promise<Complaint> {
  const early =
    resource.check === undefined ? resource.contract.check(document) : resource.check(document, name, admin)
  if (early !== undefined) return early
  const more = resource.checkMore?.(document, admin)
  if (!(more instanceof Promise)) return more ?? checkPluginsOf(resource, document, admin)
  return more.then((complaint) => complaint ?? checkPluginsOf(resource, document, admin))
}

function checkPluginsOf(
  resource: AdminResource,
  document: JsonObject,
  admin: Encryption,
): string | undefined {
  const { plugins } = document
  if (resource.plugins === undefined || !isJsonObject(plugins)) return undefined
  const complaint = checkPlugins(plugins, resource.plugins, admin.plugins)
  if (complaint !== undefined) return `${resource.pluginComplaint ?? ''}${complaint}`
  return resource.checkPlugins?.(plugins, admin)
}
