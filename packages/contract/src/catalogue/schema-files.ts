// The schemas of APISIX's plugins: a file each, read at the first question. Most processes ask for few of them, and
// workers for none.
import { createRequire } from 'node:module'
import type { JsonObject } from '../schema/index.ts'

/** What a file holds: APISIX's schemas without `_meta`, which all have, and our own sentence. */
export interface SchemaFile {
  readonly description: string
  readonly schema: JsonObject
  readonly consumer_schema?: JsonObject
  readonly metadata_schema?: JsonObject
}

const read = createRequire(import.meta.url)

/** @param name one of the catalogue's own names. */
export function readSchemaFile(folder: 'plugins' | 'stream-plugins', name: string): SchemaFile {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own data, which a test goes through
  return read(`./${folder}/${name}.json`) as SchemaFile
}
