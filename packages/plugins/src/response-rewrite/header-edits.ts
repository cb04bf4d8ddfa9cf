// Adding, setting and removing headers, in this order, with variables in the values.
import { type CompiledTemplate, compileTemplate, isJsonObject } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'
import { removeHeader, setHeader } from '../header-list/header-list.ts'

type Named = readonly (readonly [name: string, value: CompiledTemplate])[]

export type HeaderEdits = (headers: string[], ctx: RequestContext) => void

/** `headers` as configured: names and values to set, or `add`, `set` and `remove`. */
export function compileHeaderEdits(headers: Readonly<Record<string, unknown>>): HeaderEdits {
  const { add, set, remove } = headers
  const isGrouped = Array.isArray(add) || isJsonObject(set) || Array.isArray(remove)
  const added = Array.isArray(add) && isGrouped ? add.map(parseLine) : []
  const settings = toNamed(isGrouped ? set : headers)
  const removed = Array.isArray(remove) && isGrouped ? remove.map(String) : []
  return (list, ctx) => {
    const lookup = (name: string): unknown => ctx.variable(name)
    for (const [name, value] of added) list.push(name, clean(value.render(lookup)))
    for (const [name, value] of settings) setHeader(list, name, clean(value.render(lookup)))
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
