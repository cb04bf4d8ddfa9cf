// YAML as APISIX reads it: version 1.1 with anchors and merge keys, the first document of several
// (contract/etcd.md §5.1).

import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

export type ReadYaml =
  | { readonly ok: true; readonly value: unknown }
  /** `empty`: there is nothing but white space and comments. */
  | { readonly ok: false; readonly error: string; readonly empty: boolean }

/** Of a doubled key the last one counts. The error quotes nothing of the text, which may hold secrets. */
export function readYaml(text: string): ReadYaml {
  if (text.trim() === '') return { ok: false, error: 'empty', empty: true }
  const json = readJson(text)
  if (json !== undefined) return { ok: true, value: json }
  try {
    const documents = load().parseAllDocuments(text, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
      logLevel: 'silent',
      prettyErrors: true,
      customTags: withoutSurprises,
    })
    const first = 'empty' in documents ? undefined : documents[0]
    if (first === undefined || first.contents === null) return { ok: false, error: 'empty', empty: true }
    const [error] = first.errors
    if (error) throw error
    const value: unknown = first.toJS()
    // What contains itself is no configuration.
    JSON.stringify(value)
    return { ok: true, value }
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(':\n')
    return { ok: false, error: reason, empty: false }
  }
}

/** An object in JSON means the same in YAML, and is read without the parser for it. */
function readJson(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

const require = createRequire(import.meta.url)

/** Loaded with the first text that is YAML: its 72 modules are memory that a gateway configured in JSON does not need. */
function load(): typeof Yaml {
  // What is required has no type of its own.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return require('yaml') as typeof Yaml
}

/** Texts that YAML 1.1 would read as something else are quoted. */
export function writeYaml(value: unknown): string {
  return load().stringify(value, {
    aliasDuplicateObjects: false,
    indentSeq: false,
    lineWidth: 0,
    singleQuote: true,
    version: '1.1',
  })
}

const boolTag = 'tag:yaml.org,2002:bool'
const timestampTag = 'tag:yaml.org,2002:timestamp'

/** APISIX's parser knows no dates, and takes `y` and `n` for texts. */
function withoutSurprises(tags: Yaml.Tags): Yaml.Tags {
  return tags.flatMap((tag) => {
    if (typeof tag !== 'object' || !('test' in tag) || tag.tag === timestampTag)
      return typeof tag === 'object' && tag.tag === timestampTag ? [] : [tag]
    if (tag.tag !== boolTag || !tag.test) return [tag]
    const isTrue = tag.test.test('true')
    return [{ ...tag, test: isTrue ? trueText : falseText }]
  })
}

const trueText = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const falseText = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
