// Checks a whole configuration, item by item, as PUT /configs and POST /configs/validate want it
// (contract: admin-api.md §6 and §7). References to other items are not looked at.
import { compileSchema, isJsonObject, type JsonObject } from '@weir/contract'
import { checkByItself } from '../admin/document-check.ts'
import { idText } from '../admin/id-text.ts'
import type { Encryption } from '../admin/encryption.ts'
import { LimitGroups } from '../admin/limit-groups.ts'
import { type AdminResource, type Complaint, nameIn } from '../admin/resource.ts'
import { resources } from '../admin/resources.ts'

/** Kinds of items, and `plugins`, which is stored and otherwise without effect. */
export const kinds = [
  'routes',
  'services',
  'upstreams',
  'consumers',
  'ssls',
  'protos',
  'global_rules',
  'stream_routes',
  'plugin_metadata',
  'plugin_configs',
  'consumer_groups',
  'secrets',
  'plugins',
] as const

export type ConfigurationKind = (typeof kinds)[number]

/** What is wrong with a configuration at one place. */
export interface Problem {
  readonly resource_type: string
  readonly resource_id?: unknown
  /** From 0. */
  readonly index?: number
  readonly error: string
}

type MaybeProblem = Problem | undefined

/** What is wrong with each item in turn, if anything: whoever wants only the first problem pays for no other. */
export function* itemProblems(
  configuration: JsonObject,
  services: Encryption,
): Generator<MaybeProblem | Promise<MaybeProblem>> {
  const groups = new LimitGroups(services.plugins)
  for (const kind of kinds) yield* problemsOfKind(kind, configuration[kind], services, groups)
}

export function* versionProblems(configuration: JsonObject): Generator<Problem> {
  for (const kind of kinds) {
    const version = configuration[`${kind}_conf_version`]
    const complaint = versionComplaint(kind, version)
    if (complaint === undefined) continue
    yield { resource_type: kind, error: `${complaint}, got ${typeName(version)}` }
  }
}

/** Lua's notion of absence: `false` is none. */
export function versionComplaint(kind: string, version: unknown): string | undefined {
  if (version === undefined || version === false || typeof version === 'number') return undefined
  return `${kind}_conf_version must be a number`
}

function* problemsOfKind(
  kind: ConfigurationKind,
  items: unknown,
  services: Encryption,
  groups: LimitGroups,
): Generator<MaybeProblem | Promise<MaybeProblem>> {
  // An object counts as a list without items, since Lua cannot tell.
  if (items === undefined || (isJsonObject(items) && kind !== 'plugins')) return
  if (!Array.isArray(items)) {
    yield { resource_type: kind, error: `${kind} should be an array, got ${typeName(items)}` }
    return
  }
  const resource = kind === 'plugins' ? undefined : resources.get(kind)
  if (!resource) return
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const toProblem = (own: Complaint): MaybeProblem => {
      const error = own ?? groupComplaint(resource, item, groups) ?? duplicateComplaint(kind, item, seen)
      return error === undefined
        ? undefined
        : { resource_type: kind, resource_id: nameOf(item), index, error }
    }
    const complaint = checkItem(resource, item, services)
    yield complaint instanceof Promise ? complaint.then(toProblem) : toProblem(complaint)
  }
}

const withVersion = compileSchema({ type: 'object', properties: { modifiedIndex: { type: 'integer' } } })

function checkItem(
  resource: AdminResource,
  given: unknown,
  services: Encryption,
): Complaint | Promise<Complaint> {
  // In Lua the empty array and the empty object are one.
  const item = Array.isArray(given) && given.length === 0 ? {} : given
  const version = withVersion.check(item)
  if (version !== undefined) return `invalid configuration: ${version}`
  if (!isJsonObject(item)) return resource.contract.check(item)
  const { modifiedIndex: _version, ...document } = item
  const { id } = document
  switch (resource.contract.collection) {
    case 'consumers': {
      const credentials = resources.get('credentials')
      if (!credentials || !isCredential(id)) break
      const [parent = '', , own = ''] = id.split('/')
      return checkByItself(credentials, nameIn(credentials, own, parent), document, services)
    }
    case 'secrets':
      if (typeof id !== 'string' || !/^[^/]+\/[^/]+$/.test(id))
        return `invalid secret id: ${id === undefined ? 'nil' : idText(id)}`
      break
    case 'plugin_metadata':
      delete document['id']
  }
  return checkByItself(
    resource,
    nameIn(resource, typeof id === 'string' ? id : '', undefined),
    document,
    services,
  )
}

function groupComplaint(resource: AdminResource, item: unknown, groups: LimitGroups): string | undefined {
  if (resource.plugins === undefined || !isJsonObject(item)) return undefined
  const complaint = groups.check(item['plugins'])
  return complaint && `${resource.pluginComplaint ?? ''}${complaint}`
}

function isCredential(id: unknown): id is string {
  return typeof id === 'string' && id.includes('/credentials/')
}

/** The number 1 and the text "1" are no twins here (contract: admin-api.md §7). */
function duplicateComplaint(kind: ConfigurationKind, item: unknown, seen: Set<string>): string | undefined {
  if (!isJsonObject(item)) return undefined
  const { id, username } = item
  const credential = kind === 'consumers' && isCredential(id)
  const named = kind === 'consumers' && !credential ? username : id
  if (named === undefined) return undefined
  const mark = JSON.stringify(named)
  if (!seen.has(mark)) {
    seen.add(mark)
    return undefined
  }
  const what = credential ? 'credential id' : kind === 'consumers' ? 'username' : 'id'
  return `found duplicate ${what} ${typeof named === 'string' ? named : mark} in ${kind}`
}

function nameOf(item: unknown): unknown {
  return isJsonObject(item) ? (item['id'] ?? item['username'] ?? '') : ''
}

/** In the words of a JSON author. */
function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
