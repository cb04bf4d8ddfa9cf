// Text made harmless for HTML, as APISIX's template engine does it (contract/ai-plugins.md §12.1).

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '/': '&#47;',
  '{': '&#123;',
  '}': '&#125;',
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'/{}]/g, (character) => entities[character] ?? character)
}

/** In JSON the same characters may be written as escapes. Other escapes are matched to be passed over. */
const inJson = /\\u00(?:26|3[ce]|2[27f]|7[bd])|\\[^]|[&<>'/{}]/gi

/** The same for the characters of a JSON string, in pieces cut anywhere. */
export class JsonTextEscaper {
  /** An escape that goes on in the next piece. */
  #held = ''

  /** The last piece ends no escape in its midst. */
  push(piece: Buffer): Buffer {
    // One character for each byte: only ASCII is changed.
    const text = this.#held + piece.toString('latin1')
    const end = wholeEnd(text)
    this.#held = text.slice(end)
    return Buffer.from(text.slice(0, end).replaceAll(inJson, toEntity), 'latin1')
  }
}

function toEntity(match: string): string {
  if (match.length === 1) return entities[match] ?? match
  const character =
    match.length === 2 ? match.slice(1) : String.fromCharCode(Number.parseInt(match.slice(2), 16))
  return entities[character] ?? match
}

/** Where an escape begins that is not complete, else the end. */
function wholeEnd(text: string): number {
  const last = text.lastIndexOf('\\')
  if (last < 0 || last < text.length - 6) return text.length
  let first = last
  while (text[first - 1] === '\\') first--
  // Of several backslashes each second one ends an escape.
  if ((last - first) % 2 === 1) return text.length
  const length = text[last + 1] === 'u' ? 6 : 2
  return last + length > text.length ? last : text.length
}
