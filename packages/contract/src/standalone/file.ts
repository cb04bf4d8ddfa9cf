// apisix.yaml and apisix.json: the whole configuration of a data plane in one file (contract/etcd.md §5.1, §5.2).

import { resolveEnvironment, resolveEnvironmentText, type Environment } from '../settings/environment.ts'
import { parseJsonText } from '../schema/json-text.ts'
import { withoutNulls } from './nulls.ts'
import { readYaml } from './yaml.ts'

export type FileFormat = 'yaml' | 'json'

/**
 * - `unfinished`: somebody may still be writing it; the next look will tell.
 * - `unusable`: it is finished and wrong.
 */
export type ReadConfiguration =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly kind: 'unfinished' | 'unusable'; readonly error: string }

/** Parses the text of a file. `env` stands for `${{VAR}}` and `${{VAR:=default}}`. */
export function readConfiguration(text: string, format: FileFormat, env: Environment): ReadConfiguration {
  try {
    return format === 'yaml' ? readYamlFile(text, env) : readJsonFile(text, env)
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error))
  }
}

/** How many bytes at the end of apisix.yaml are searched for the mark, as in APISIX. */
const END_BYTES = 10

function readYamlFile(text: string, env: Environment): ReadConfiguration {
  const end = Buffer.from(text.slice(-END_BYTES)).subarray(-END_BYTES).toString('latin1')
  if (!/#END[ \t\n\v\f\r]*$/.test(end)) {
    return { ok: false, kind: 'unfinished', error: 'missing valid end flag: the last line should be #END' }
  }
  // In the text, comments included: that is where APISIX looks.
  const read = readYaml(resolveEnvironmentText(text, env))
  if (read.ok) return { ok: true, value: withoutNulls(read.value) }
  if (read.empty) return unusable('failed update config: empty table')
  return unusable(`failed to parse the content of the file: ${read.error}`)
}

function readJsonFile(text: string, env: Environment): ReadConfiguration {
  let value: unknown
  try {
    value = parseJsonText(text.replace(/^\uFEFF/, ''))
  } catch {
    // The parser's own words quote the text.
    return unusable('failed to parse the content of the file: it is not JSON')
  }
  return { ok: true, value: resolveEnvironment(value, env) }
}

function unusable(error: string): ReadConfiguration {
  return { ok: false, kind: 'unusable', error }
}
