// A template with the values of one request. A value is text: whatever it holds, it stays inside the JSON string in which
// its name stands (in APISIX a quote or a backslash in it changes or breaks the prompt).
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isJsonObject } from '@weir/contract'
import { cutPieces, longText } from '@weir/llm'
import { memberOf } from '@weir/plugin-api'
import type { ObjectBody } from '../prompts/object-body.ts'
import type { CompiledTemplate, TemplateVariable } from './compile-template.ts'
import { escapeHtml, JsonTextEscaper } from './escape-html.ts'

/** How much of a long value is escaped in one turn of the event loop, in bytes. */
const turnBytesMax = 196_608

/** JSON: in pieces, when a value of the request is too long to be handled in one go. */
export async function renderTemplate(
  template: CompiledTemplate,
  body: ObjectBody,
): Promise<string | Buffer[]> {
  const pieces: Buffer[] = []
  let text = ''
  for (const part of template) {
    if (typeof part === 'string') text += part
    else {
      const value = valueOf(part, body)
      if (value !== longText) text += jsonCharacters(value, part)
      else {
        pieces.push(Buffer.from(text))
        text = ''
        await renderLong(part, body, pieces)
      }
    }
  }
  if (pieces.length === 0) return text
  pieces.push(Buffer.from(text))
  return pieces
}

function valueOf({ path: [first, ...rest] }: TemplateVariable, body: ObjectBody): unknown {
  let value = memberOf(body, first)
  for (const name of rest) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value
}

function jsonCharacters(value: unknown, { isEscaped }: TemplateVariable): string {
  const text = textOf(value)
  return JSON.stringify(isEscaped ? escapeHtml(text) : text).slice(1, -1)
}

/** Unknown names are empty. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function renderLong({ path: [name], isEscaped }: TemplateVariable, body: ObjectBody, to: Buffer[]) {
  if (body.kind !== 'long') return
  const { pieces, members } = body.raw
  const place = members.findLast(({ key }) => key === name)
  if (!place) return
  const characters = cutPieces(pieces, place.start + 1, place.end - 1)
  if (!isEscaped) {
    for (const piece of characters) to.push(piece)
    return
  }
  const escaper = new JsonTextEscaper()
  let turnBytes = 0
  for (const piece of characters) {
    to.push(escaper.push(piece))
    turnBytes += piece.length
    if (turnBytes < turnBytesMax) continue
    turnBytes = 0
    await nextTurn()
  }
}
