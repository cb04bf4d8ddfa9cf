// The names under which an account stands in Redis.

/** What was used, under the account's own name, then the leases and their sum, in the same cluster slot. */
export function keysOf(key: string): readonly [used: string, leases: string, sum: string] {
  // A key with braces hashes by what stands between them; then so do the other two.
  const tagged = key.includes('{') ? key : `{${key}}`
  return [key, `weir:leases:${tagged}`, `weir:reserved:${tagged}`]
}
