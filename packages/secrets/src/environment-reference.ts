// `$env://NAME` and `$env://NAME/key`: values that stand in the environment (contract/etcd.md §6).
import { type Environment, isJsonObject } from '@weir/contract'
import { toText } from './member-text.ts'

const form = /^\$env:\/\/([^/]+)(?:\/(.+))?$/i

/** The variable's text, or with a key the member of the JSON object that it holds; undefined when there is none. */
export function readEnvironment(reference: string, environment: Environment): string | undefined {
  const [, name, key] = form.exec(reference) ?? []
  const text = name === undefined ? undefined : environment[name]
  return text === undefined || key === undefined ? text : readMember(text, key)
}

function readMember(text: string, key: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isJsonObject(parsed) ? toText(parsed, key) : undefined
  } catch {
    return undefined
  }
}
