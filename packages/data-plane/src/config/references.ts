// `$env://NAME` and `$env://NAME/key`: values of plugin configurations that stand in the environment (etcd.md §6).
import { isJsonObject } from '@weir/contract'

const environmentReference = /^\$env:\/\/([^/]+)(?:\/(.+))?$/i

export type Environment = Readonly<Record<string, string | undefined>>

/** A copy with every reference resolved that can be; `unresolved` is told of the others, which stay as they are. */
export function resolveReferences(
  value: unknown,
  environment: Environment,
  unresolved: (reference: string) => void,
): unknown {
  if (typeof value === 'string') {
    if (!value.startsWith('$')) return value
    const match = environmentReference.exec(value)
    const text = match ? read(environment[match[1] ?? ''], match[2]) : undefined
    if (text === undefined && /^\$(env|secret):\/\//i.test(value)) unresolved(value)
    return text ?? value
  }
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, environment, unresolved))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, resolveReferences(member, environment, unresolved)]),
  )
}

/** The variable's text, or with a key the member of the JSON object that it holds. */
function read(text: string | undefined, key: string | undefined): string | undefined {
  if (text === undefined || key === undefined) return text
  try {
    const parsed: unknown = JSON.parse(text)
    const member = isJsonObject(parsed) && Object.hasOwn(parsed, key) ? parsed[key] : undefined
    return typeof member === 'string' ? member : undefined
  } catch {
    return undefined
  }
}
