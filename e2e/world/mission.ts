// The mission's own configurations, with hosts and keys replaced and nothing else.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type JsonObject = Record<string, unknown>

/** Reads e2e/mission/NAME.json and replaces each text by another, wherever it stands. */
export async function missionDocument(
  name: string,
  replacements: Readonly<Record<string, string>>,
): Promise<JsonObject> {
  let text = await readFile(join(import.meta.dirname, '../mission', `${name}.json`), 'utf8')
  for (const [from, to] of Object.entries(replacements)) text = text.replaceAll(from, to)
  return JSON.parse(text) as JsonObject
}

/** `value` with `more` merged into the member at `path`, e.g. `plugins.ai-rate-limiting`. */
export function extend(value: JsonObject, path: string, more: JsonObject): JsonObject {
  const [name = '', ...rest] = path.split('/')
  const member = value[name] as JsonObject
  return {
    ...value,
    [name]: rest.length === 0 ? { ...member, ...more } : extend(member, rest.join('/'), more),
  }
}
