// YAML as APISIX reads it: version 1.1 with anchors and merge keys, the first document of several
// (contract/etcd.md §5.1).

import { parseAllDocuments, stringify, type Tags } from 'yaml'

export type ReadYaml =
  | { readonly ok: true; readonly value: unknown }
  /** `empty`: there is nothing but white space and comments. */
  | { readonly ok: false; readonly error: string; readonly empty: boolean }

/** Of a doubled key the last one counts. The error quotes nothing of the text, which may hold secrets. */
export function readYaml(text: string): ReadYaml {
  try {
    const documents = parseAllDocuments(text, {
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

/** Texts that YAML 1.1 would read as something else are quoted. */
export function writeYaml(value: unknown): string {
  return stringify(value, {
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
function withoutSurprises(tags: Tags): Tags {
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
