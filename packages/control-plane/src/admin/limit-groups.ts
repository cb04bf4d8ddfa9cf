// The members of a limit-count group count together, so they must agree in everything (contract: common-plugins.md
// §3.1). Those that are disabled do not count.
import { isDeepStrictEqual } from 'node:util'
import { decryptFields, isJsonObject, type JsonObject } from '@weir/contract'
import { parseDocument } from '../view/document.ts'
import type { DocumentName } from '../view/keys.ts'
import type { Admin } from './admin.ts'
import { type NamedPlugin, type PluginTable, secretsAt } from './plugin-table.ts'

const pluginName = 'limit-count'
const mismatch = `failed to check the configuration of plugin ${pluginName} err: group conf mismatched`

/** The group that the plugins of a document count in, if any. */
export function limitGroupOf(plugins: unknown): string | undefined {
  const config = isJsonObject(plugins) ? plugins[pluginName] : undefined
  if (!isJsonObject(config) || typeof config['group'] !== 'string') return undefined
  const { group, _meta: meta } = config
  return isJsonObject(meta) && meta['disable'] === true ? undefined : group
}

/** A member of a group. */
export function limitGroupTerm(group: string): string {
  return `limit-count group=${group}`
}

/** Members that are compared: they were compared with each other before, so that a few speak for thousands. */
const COMPARED_MAX = 100

/** Best effort, from the view, as with identities: two writers at the same moment may both pass. */
export function checkLimitGroup(plugins: JsonObject, own: DocumentName, admin: Admin): string | undefined {
  const group = limitGroupOf(plugins)
  const { plugins: table, view, cipher, encryptsFields } = admin
  const plugin = table.get(pluginName)
  if (group === undefined || plugin === undefined) return undefined
  let compared = 0
  for (const name of view.holders(limitGroupTerm(group))) {
    if (name.directory === own.directory && name.id === own.id && name.parent === own.parent) continue
    const stored = parseDocument(view.find(keyOf(name))?.value ?? '')?.['plugins']
    const config = isJsonObject(stored) ? stored[pluginName] : undefined
    const plain = encryptsFields ? decryptFields(config, secretsAt(plugin, 'plain'), cipher) : config
    if (!agree(plugin, table, plugins[pluginName], plain)) return mismatch
    compared += 1
    if (compared === COMPARED_MAX) break
  }
  return undefined
}

/** For the members that one configuration brings: the first of each group says what the others must be. */
export class LimitGroups {
  readonly #table: PluginTable
  readonly #configs = new Map<string, unknown>()

  constructor(table: PluginTable) {
    this.#table = table
  }

  /** Answers the complaint about the next document. */
  check(plugins: unknown): string | undefined {
    const group = limitGroupOf(plugins)
    const plugin = this.#table.get(pluginName)
    if (group === undefined || plugin === undefined || !isJsonObject(plugins)) return undefined
    const config = plugins[pluginName]
    if (!this.#configs.has(group)) this.#configs.set(group, config)
    return agree(plugin, this.#table, this.#configs.get(group), config) ? undefined : mismatch
  }
}

function keyOf({ directory, id }: DocumentName): string {
  return `/${directory}/${id}`
}

/** In the members that the schema knows for the policy, defaults filled in. What nobody can read agrees. */
function agree(plugin: NamedPlugin, table: PluginTable, one: unknown, other: unknown): boolean {
  const schema = table.schemaOf(plugin)
  const [a, b] = [schema.parse(one), schema.parse(other)]
  if (!a.ok || !b.ok || !isJsonObject(a.value) || !isJsonObject(b.value)) return true
  const mine = a.value
  const theirs = b.value
  return membersOf(plugin.schema.json, mine['policy']).every((name) =>
    isDeepStrictEqual(mine[name], theirs[name]),
  )
}

/** Of a schema whose `if`, `then` and `else` add members by policy. */
function membersOf(schema: unknown, policy: unknown): readonly string[] {
  if (!isJsonObject(schema)) return []
  const { properties, if: condition, then, else: otherwise } = schema
  const own = isJsonObject(properties) ? Object.keys(properties) : []
  if (condition === undefined) return own
  return [...own, ...membersOf(asksFor(condition, policy) ? then : otherwise, policy)]
}

function asksFor(condition: unknown, policy: unknown): boolean {
  const properties = isJsonObject(condition) ? condition['properties'] : undefined
  const asked = isJsonObject(properties) ? properties['policy'] : undefined
  const values: unknown = isJsonObject(asked) ? asked['enum'] : undefined
  return Array.isArray(values) && values.includes(policy)
}
