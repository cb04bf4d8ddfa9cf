// References: texts that stand for a secret or an environment variable and are resolved when they are used.

const referencePrefix = /^\$(?:secret|env):\/\//i

/** Whether a value is a `$secret://` or `$env://` reference (contract/etcd.md §6; the prefix ignores case). */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('$') && referencePrefix.test(value)
}
