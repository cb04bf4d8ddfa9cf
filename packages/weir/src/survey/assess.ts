// What this build makes of one document, judged by itself; what it refers to is judged by the survey.
import type { StoreEntry } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { checkEntry, type CheckedDocument, type PluginCatalog } from '@weir/data-plane/check'
import { differences } from './differences.ts'
import type { EncryptedFields } from './known-fields.ts'
import { unreadDirectories, unusableUpstream } from './not-served.ts'
import { judgeMetadata, judgePlugins } from './plugin-verdicts.ts'
import { redact } from './redact.ts'
import { secretReferencesOf } from './secret-references.ts'
import { checkUnread } from './unread-documents.ts'
import { openDocument, type Vault } from './vault.ts'
import type { Fault } from './verdict.ts'

export interface Judges {
  readonly catalog: PluginCatalog
  readonly vault: Vault
  readonly fields: EncryptedFields
  /** Whether the source leaves out private keys of certificates. */
  readonly keysWithheld: boolean
  /** Whether a plugin that is off makes a document bad, as in files (etcd.md §4). */
  readonly refusesUnknown: boolean
}

/** Of a document by itself. */
export interface Judgement {
  readonly reasons: readonly string[]
  readonly differences: readonly string[]
  readonly notes: readonly string[]
  readonly fault: Fault | undefined
  /** Whether requests that need this document fail. */
  readonly blocks: boolean
  /** Keys of documents without which requests fail. */
  readonly references: readonly string[]
  /** Names of the plugins that a global rule runs: one that stands in two runs in neither (routing.md §6). */
  readonly globalPlugins: readonly string[]
  /** With its secrets in plain text; undefined when there is a fault. */
  readonly plain: JsonObject | undefined
}

const nothing = { reasons: [], differences: [], notes: [], references: [], globalPlugins: [] }

export function assess(entry: StoreEntry, judges: Judges): Judgement {
  const written = parseObject(entry.value)
  if (written === undefined) return faulty('invalid', 'it is not a JSON object')
  const { document, undecryptable, secrets } = openDocument(entry.key, written, judges.vault, judges.fields)
  const judgement =
    undecryptable.length > 0
      ? faulty('undecryptable', `no key of the keyring decrypts ${undecryptable.join(', ')}`)
      : judge({ ...entry, value: JSON.stringify(document) }, document, judges)
  const quiet = (messages: readonly string[]) => messages.map((message) => redact(message, secrets))
  return { ...judgement, reasons: quiet(judgement.reasons), notes: quiet(judgement.notes) }
}

function judge(entry: StoreEntry, document: JsonObject, judges: Judges): Judgement {
  const { directory, id } = split(entry.key)
  if (judges.keysWithheld && directory === 'ssls' && document['key'] === undefined) {
    return faulty('withheld', 'the Admin API does not show its private key; the store behind it does')
  }
  const read = checkEntry(entry, {
    catalog: judges.catalog,
    // The document is open already.
    decrypt: (config) => config,
    decryptKey: (key) => key,
    environment: process.env,
    refusesUnknown: judges.refusesUnknown,
  })
  if (read === undefined) return judgeUnread(directory, id, document)
  const { checked, warnings, references } = read
  if (typeof checked === 'string') return faulty('invalid', checked)
  const plugins = judgePlugins(directory, document['plugins'], judges.catalog)
  if (plugins.invalid !== undefined) return faulty('invalid', plugins.invalid)
  const metadata = read.kind === 'plugin_metadata' ? judgeMetadata(id, judges.catalog) : undefined
  const upstream = unusableUpstream(read.kind === 'upstreams' ? document : document['upstream'])
  return {
    reasons: [...plugins.reasons, ...upstream, ...(metadata === undefined ? [] : [metadata])],
    differences: [...plugins.differences, ...differencesOf(checked)],
    notes: warnings,
    fault: undefined,
    blocks: plugins.blocks || upstream.length > 0,
    references: [...references, ...secretReferencesOf(document)],
    globalPlugins:
      read.kind === 'global_rules' ? checked.plugins.settings.map(({ plugin }) => plugin.name) : [],
    plain: document,
  }
}

function judgeUnread(directory: string, id: string, document: JsonObject): Judgement {
  const complaint = checkUnread(directory, id, document)
  if (complaint !== undefined) return faulty('invalid', complaint)
  const reason = unreadDirectories.get(directory)
  const reasons = reason === undefined ? [] : [reason]
  return { ...nothing, reasons, fault: undefined, blocks: false, plain: document }
}

function differencesOf(document: CheckedDocument): readonly string[] {
  return differences.filter((difference) => difference.concerns(document)).map(({ text }) => text)
}

function faulty(fault: Fault, reason: string): Judgement {
  return { ...nothing, reasons: [reason], fault, blocks: true, plain: undefined }
}

/** `/services/1/graphql_cost_decorations/2` stands for a directory of its own. */
function split(key: string): { readonly directory: string; readonly id: string } {
  const [, directory = '', ...rest] = key.split('/')
  const isDecoration = directory === 'services' && rest[1] === 'graphql_cost_decorations'
  return { directory: isDecoration ? 'graphql_cost_decorations' : directory, id: rest.join('/') }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
