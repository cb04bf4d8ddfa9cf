// Everything that is wrong with a set of documents, for `weir check`: what the data plane would refuse, and what
// would fail only when a request comes.
import type { StoreEntry } from '@weir/config-store'
import { checkDocument, type CheckedDocument } from './document.ts'
import { type Kind, parseKey } from './keys.ts'
import type { ParseServices } from './parse-plugins.ts'

export interface Finding {
  /** Below the prefix: `/routes/1`. */
  readonly key: string
  readonly problem: string
}

export interface CheckReport {
  readonly documents: number
  readonly findings: readonly Finding[]
}

export function checkDocuments(
  entries: readonly StoreEntry[],
  services: Omit<ParseServices, 'warn'>,
): CheckReport {
  const findings: Finding[] = []
  const checked = new Map<string, CheckedDocument>()
  let documents = 0
  for (const entry of entries) {
    const name = parseKey(entry.key)
    if (!name) continue
    documents += 1
    const warn = (problem: string) => void findings.push({ key: entry.key, problem })
    const document = checkDocument(name.kind, name.id, entry, { ...services, warn })
    if (typeof document === 'string') warn(document)
    else checked.set(entry.key, document)
  }
  const exists = (key: string) => entries.some((entry) => entry.key === key)
  for (const [key, document] of checked) {
    for (const problem of [...unsupported(document), ...missing(key, document, exists)])
      findings.push({ key, problem })
  }
  return { documents, findings: [...findings, ...doubled(checked)] }
}

function unsupported({ plugins }: CheckedDocument): readonly string[] {
  return plugins.unsupported.map(
    (name) => `plugin ${name} is not supported by this gateway: requests are answered 503`,
  )
}

type Reference = readonly [kind: Kind, id: string | number | undefined]

function referencesOf(key: string, document: CheckedDocument): readonly Reference[] {
  switch (document.kind) {
    case 'routes': {
      const { service_id, upstream_id, plugin_config_id } = document.value
      return [
        ['services', service_id],
        ['upstreams', upstream_id],
        ['plugin_configs', plugin_config_id],
      ]
    }
    case 'services':
      return [['upstreams', document.value.upstream_id]]
    case 'consumers':
      return [['consumer_groups', document.value.group_id]]
    case 'credentials':
      return [['consumers', key.split('/')[2]]]
    case 'upstreams':
    case 'plugin_configs':
    case 'consumer_groups':
    case 'global_rules':
    case 'plugin_metadata':
      return []
  }
}

function missing(
  key: string,
  document: CheckedDocument,
  exists: (key: string) => boolean,
): readonly string[] {
  return referencesOf(key, document).flatMap(([kind, id]) =>
    id === undefined || exists(`/${kind}/${id}`) ? [] : [`refers to /${kind}/${id}, which does not exist`],
  )
}

/** Plugins that stand in two global rules run in neither (routing.md §6). */
function doubled(checked: ReadonlyMap<string, CheckedDocument>): readonly Finding[] {
  const seen = new Map<string, string>()
  const findings: Finding[] = []
  for (const [key, { kind, plugins }] of checked) {
    if (kind !== 'global_rules') continue
    for (const { plugin } of plugins.settings) {
      const other = seen.get(plugin.name)
      if (other !== undefined)
        findings.push({ key, problem: `plugin ${plugin.name} stands in ${other} too and runs in neither` })
      seen.set(plugin.name, key)
    }
  }
  return findings
}
