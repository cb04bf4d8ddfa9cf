// YAML of any length: 100 routes take some 30 ms, in which nothing else would be served.
import { readYaml, type ReadYaml, withoutNulls, writeYaml } from '@weir/contract'
import { runInThread } from '../thread/run-in-thread.ts'

/** Parsing so many characters takes about 5 ms; a thread starts in 100. */
const LONG = 4_096

/** The value, or for a long text its JSON: parsing that would take a while, too. */
export type ReadAnyYaml = ReadYaml | { readonly ok: true; readonly json: string }

/** What a configuration in YAML says, without nulls; a long text is parsed by a thread of its own. */
export async function readAnyYaml(text: string): Promise<ReadAnyYaml> {
  if (text.length > LONG) return runInThread(new URL('./yaml-thread.ts', import.meta.url), text)
  const read = readYaml(text)
  return read.ok ? { ok: true, value: withoutNulls(read.value) } : read
}

/** A JSON text as YAML; a long one is written by a thread of its own. */
export async function writeAnyYaml(json: string): Promise<string> {
  if (json.length <= LONG) return writeYaml(JSON.parse(json))
  return runInThread(new URL('./write-yaml-thread.ts', import.meta.url), json)
}
