// Which addresses may talk to the Admin API at all.
import { parseAddressSet } from '@weir/contract'

/** Answers whether a peer's address may pass. */
export type AllowList = (address: string | undefined) => boolean

/**
 * Compiles `deployment.admin.allow_admin`: addresses and networks in CIDR notation. Without a list everyone passes, with
 * an empty one nobody (contract: admin-api.md §1).
 * @throws Error naming the entry that is not an address.
 */
export function compileAllowList(entries: readonly string[] | null | undefined): AllowList {
  if (entries === undefined || entries === null) return () => true
  const parsed = parseAddressSet(entries)
  if (!parsed.ok) throw new Error(`deployment.admin.allow_admin: ${parsed.error}`)
  return (address) => address !== undefined && parsed.value.has(address)
}
