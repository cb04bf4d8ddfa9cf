// The names under which an account stands in Redis.

/** What was used, under the account's own name, then the leases and their sum, in the same cluster slot. */
export function keysOf(key: string): readonly [used: string, leases: string, sum: string] {
  const used = usedKeyOf(key)
  return [used, `weir:leases:{${used}}`, `weir:reserved:{${used}}`]
}

/** Braces decide about cluster slots, so those that a client put into a rule's key are written otherwise. */
export function usedKeyOf(key: string): string {
  return key.includes('{') || key.includes('}') ? key.replaceAll('{', '%7B').replaceAll('}', '%7D') : key
}
