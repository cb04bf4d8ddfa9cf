// JSON text that is the same for values that are the same, in whatever order their members came.
import { isJsonObject } from '@weir/contract'

/** Deeper values are nobody's prompt, and walking them could end in a stack overflow. */
const nestingMax = 256

/** Undefined when the value is nested deeper than `nestingMax`. */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, 0)
  } catch (error) {
    if (error instanceof NestingError) return undefined
    throw error
  }
}

class NestingError extends Error {}

function write(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (depth > nestingMax) throw new NestingError()
  if (Array.isArray(value)) return `[${value.map((one) => write(one, depth + 1)).join(',')}]`
  if (!isJsonObject(value)) return 'null'
  let text = ''
  for (const name of Object.keys(value).toSorted()) {
    if (value[name] === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${write(value[name], depth + 1)}`
  }
  return `{${text}}`
}
