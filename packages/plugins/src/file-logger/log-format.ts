// The members of log entries that an operator names: constants, and variables as `$name` (common-plugins.md §7.1).
import { isJsonObject } from '@weir/contract'

type Lookup = (name: string) => unknown
type Members = Readonly<Record<string, unknown>>

/** Objects in one another; what is deeper is shown empty. */
const depthMax = 5

export type Format = (lookup: Lookup) => Members

export function compileFormat(format: Members, depth = 1): Format {
  const members = Object.entries(format).map(([name, value]) => [name, compile(value, depth)] as const)
  return (lookup) => Object.fromEntries(members.map(([name, read]) => [name, read(lookup)]))
}

function compile(value: unknown, depth: number): (lookup: Lookup) => unknown {
  if (typeof value === 'string' && value.startsWith('$')) {
    const name = value.slice(1)
    return (lookup) => lookup(name)
  }
  if (!isJsonObject(value)) return () => value
  return depth < depthMax ? compileFormat(value, depth + 1) : () => ({})
}
