// Adding, setting and removing headers, in this order, with variables in the values.
import { type CompiledTemplate, compileTemplate, isJsonObject } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'
import { removeHeader, setHeader } from '../header-list/header-list.ts'

type Named = readonly (readonly [name: string, value: CompiledTemplate])[]

export type HeaderEdits = (headers: string[], ctx: RequestContext) => void

/** What the schema lets pass, because it would be fine as the other form. */
export function complaintAboutHeaders(headers: Readonly<Record<string, unknown>>): string | undefined {
  if (isGrouped(headers)) return undefined
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' && typeof value !== 'number') return 'invalid type as header value'
    if (name === '') return 'invalid field length in header'
  }
  return undefined
}

function isGrouped({ add, set, remove }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(add) || isJsonObject(set) || Array.isArray(remove)
}

/** `headers` as configured: names and values to set, or `add`, `set` and `remove`. */
export function compileHeaderEdits(headers: Readonly<Record<string, unknown>>): HeaderEdits {
  const { add, set, remove } = headers
  const added = Array.isArray(add) ? add.map(parseLine) : []
  const settings = toNamed(isGrouped(headers) ? set : headers)
  const removed = Array.isArray(remove) ? remove.map(String) : []
  return (list, ctx) => {
    const lookup = (name: string): unknown => ctx.variable(name)
    // nginx sends no header whose value is empty, and setting one to nothing removes it.
    for (const [name, value] of added) {
      const text = clean(value.render(lookup))
      if (text !== '') list.push(name, text)
    }
    for (const [name, value] of settings) {
      const text = clean(value.render(lookup))
      if (text === '') removeHeader(list, name)
      else setHeader(list, name, text)
    }
    for (const name of removed) removeHeader(list, name)
  }
}

function toNamed(values: unknown): Named {
  if (!isJsonObject(values)) return []
  return Object.entries(values).map(([name, value]) => [name, compileTemplate(String(value))])
}

/** `Name: value`. */
function parseLine(line: unknown): Named[number] {
  const text = String(line)
  const colon = text.indexOf(':')
  return [text.slice(0, colon).trim(), compileTemplate(text.slice(colon + 1).trim())]
}

/** Variables hold what clients send: no line end may come of it, nor what HTTP cannot carry. */
function clean(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return value.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '')
}
