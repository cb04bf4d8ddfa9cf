// Reading and writing the JSON of a whole configuration item by item, so that the event loop goes on in between: 20,000
// routes at once would take 100 ms.
import { type JsonObject, parseJsonText } from '@weir/contract'
import { Turns } from '@weir/config-store/turns'
import { badValue } from '../http/body.ts'

/**
 * The object that the text holds; the items of its arrays are parsed one by one. Undefined when the text is no object,
 * or is wrong anywhere: why is for others to say.
 */
export async function parseObjectInTurns(text: string): Promise<JsonObject | undefined> {
  try {
    return await parseMembers(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const ITEM_DEPTH = 2

async function parseMembers(text: string): Promise<JsonObject> {
  const turns = new Turns()
  const members = new Map<string, unknown>()
  const value = (start: number, end: number, depth: number): unknown => {
    const parsed = parseJsonText(text.slice(start, end))
    if (badValue(parsed, depth) !== undefined) throw new SyntaxError('it cannot be stored')
    return parsed
  }
  let at = expect(text, skipBlanks(text, 0), '{')
  for (let isFirst = true; text[at] !== '}'; isFirst = false) {
    if (!isFirst) at = expect(text, at, ',')
    const end = endOfString(text, at)
    const name = String(value(at, end, 1))
    at = expect(text, skipBlanks(text, end), ':')
    if (text[at] === '[') {
      const items: unknown[] = []
      at = skipBlanks(text, at + 1)
      while (text[at] !== ']') {
        if (items.length > 0) at = expect(text, at, ',')
        const endOfItem = endOfValue(text, at)
        items.push(value(at, endOfItem, ITEM_DEPTH))
        at = skipBlanks(text, endOfItem)
        if (turns.isOver) await turns.next()
      }
      members.set(name, items)
      at = skipBlanks(text, at + 1)
    } else {
      const endOfMember = endOfValue(text, at)
      members.set(name, value(at, endOfMember, 1))
      at = skipBlanks(text, endOfMember)
    }
    if (turns.isOver) await turns.next()
  }
  if (skipBlanks(text, at + 1) < text.length) throw new SyntaxError('there is more behind it')
  return Object.fromEntries(members)
}

/** Where the next thing begins after a sign that must be there. */
function expect(text: string, at: number, sign: string): number {
  if (text[at] !== sign) throw new SyntaxError(`expected ${sign}`)
  return skipBlanks(text, at + 1)
}

const blanks = new Set([' ', '\t', '\n', '\r'])

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && blanks.has(text[at] ?? '')) at += 1
  return at
}

/** Just behind the value that begins here; whether it is one is left to the parser. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        break
      case '{':
      case '[':
        depth += 1
        at += 1
        break
      case '}':
      case ']':
        if (depth === 0) return at
        depth -= 1
        at += 1
        break
      case ',':
        if (depth === 0) return at
        at += 1
        break
      case undefined:
      default:
        at += 1
        continue
    }
    if (depth === 0) return at
  }
  return at
}

function endOfString(text: string, from: number): number {
  if (text[from] !== '"') throw new SyntaxError('expected a string')
  for (let quote = text.indexOf('"', from + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text[before - 1] === '\\') before -= 1
    if ((quote - before) % 2 === 0) return quote + 1
  }
  throw new SyntaxError('a string without an end')
}

/** What JSON.stringify makes of it. */
export async function writeInTurns(object: JsonObject): Promise<string> {
  const turns = new Turns()
  const members: string[] = []
  for (const [name, member] of Object.entries(object)) {
    let json = Array.isArray(member) ? undefined : JSON.stringify(member)
    if (Array.isArray(member)) {
      const items: string[] = []
      for (const item of member) {
        items.push(JSON.stringify(item))
        if (turns.isOver) await turns.next()
      }
      json = `[${items.join(',')}]`
    }
    members.push(`${JSON.stringify(name)}:${json}`)
  }
  return `{${members.join(',')}}`
}
