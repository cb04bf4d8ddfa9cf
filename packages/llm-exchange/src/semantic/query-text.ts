// What the user asks last: the text by which a request is compared with examples.
import { type ClientProtocol, type JsonObject, LongJson, readTexts } from '@weir/llm'

/** Bytes; what comes after is not looked at (contract/ai-plugins.md §8.4). */
const queryBytesMax = 16_384

const listsOfTurns = ['messages', 'input'] as const

/** Empty when no user says anything. */
export async function queryText(
  protocol: ClientProtocol,
  body: JsonObject,
  raw: Buffer | LongJson,
): Promise<string> {
  if (raw instanceof LongJson) {
    const turns = { mode: 'all', roles: ['user'] } as const
    const texts = await readTexts(raw.pieces, { protocol: protocol.name, turns })
    return cut(texts.at(-1) ?? '')
  }
  return cut(lastTurn(protocol, body))
}

function lastTurn(protocol: ClientProtocol, body: JsonObject): string {
  for (const key of listsOfTurns) {
    const list: unknown = body[key]
    if (!Array.isArray(list)) continue
    for (const turn of (list as unknown[]).toReversed()) {
      const texts = protocol.turnTexts({ [key]: [turn] }, 'all', ['user'])
      if (texts.length > 0) return texts.join(' ')
    }
  }
  return protocol.turnTexts(body, 'all', ['user']).join(' ')
}

/** Never in the middle of a character. */
function cut(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= queryBytesMax) return text
  let end = queryBytesMax
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
