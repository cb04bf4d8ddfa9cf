// What the one generic resource router knows of a resource, beyond what the contract's own description says.
import type { JsonObject, Resource, PluginPlace } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'
import type { Admin } from './admin.ts'
import type { Encryption } from './encryption.ts'
import type { InUse } from './in-use.ts'
import type { Need } from './references.ts'

/** What is wrong with a document, if anything. */
export type Complaint = string | undefined

export interface AdminResource {
  /** Kind, directory, refused methods, schema and checks of a document by itself. */
  readonly contract: Resource<unknown>
  /** The member that names a document; `path`: only the path does, and `id` is added when it is stored. */
  readonly idMember: 'id' | 'username' | 'path'
  /** What kind of plugin configurations documents hold, if any. */
  readonly plugins?: PluginPlace
  /** Stands before complaints about plugins. */
  readonly pluginComplaint?: string
  /** Members that must name existing documents. */
  readonly references?: readonly string[]
  /** Members that `filter=` of a list may name (contract: admin-api.md §3.3). */
  readonly listFilters?: ReadonlySet<string>
  readonly inUse?: InUse
  /** Takes the place of `contract.check` where the rules depend on the document's name. */
  check?(document: JsonObject, name: DocumentName, admin: Encryption): string | undefined
  /** Complaints after `contract.check`. */
  checkMore?(document: JsonObject, admin: Encryption): Complaint | Promise<Complaint>
  /** Members, besides those of plugins, that are private keys: encrypted when stored, and never shown if `hidden`. */
  readonly privateKeys?: { readonly members: readonly string[]; readonly hidden: boolean }
  /** The complaint about a PATCH without an id; default: `missing <kind> id`. */
  readonly patchWithoutId?: string
  /** What only one document may hold: in which member it stands, and the check, for which the view is up to date. */
  readonly unique?: {
    readonly member: string
    check(document: JsonObject, name: DocumentName, admin: Admin): string | undefined
  }
  /** Further complaints about plugins that are right by themselves. */
  checkPlugins?(plugins: JsonObject, admin: Encryption): string | undefined
  /** Documents that must exist, besides those in `references`. */
  needs?(document: JsonObject, name: DocumentName): readonly Need[]
  /** Completes the document of a PUT or POST by its place; answers the complaint when it says otherwise itself. */
  bind?(document: JsonObject, name: DocumentName): string | undefined
  /** Complaints about a merge patch before it is merged. */
  checkPatch?(patch: JsonObject): string | undefined
  /** The document that must exist above this one; what is said when it does not, or when the path names none. */
  readonly above?: { readonly directory: string; readonly missing: string; readonly unnamed: string }
  /** What lies below a document and goes with it, and whether a new document begins without what is there. */
  readonly below?: { readonly collection: string; readonly startsEmpty: boolean }
}

/** `/routes/1`, `/consumers/jack/credentials/c1` (contract: etcd.md §1). */
export function keyOf({ contract, above }: AdminResource, id: string, parent: string | undefined): string {
  if (above === undefined) return `/${contract.collection}/${id}`
  return `/${above.directory}/${parent}/${contract.collection}/${id}`
}

export function nameIn({ contract }: AdminResource, id: string, parent: string | undefined): DocumentName {
  return { directory: contract.collection, id, ...(parent === undefined ? {} : { parent }) }
}
