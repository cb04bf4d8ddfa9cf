// The terms under which the view finds documents again: whom they refer to, which identities and plugins they hold.
import { isJsonObject, isReference, type JsonObject } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'
import { idText } from './id-text.ts'
import { limitGroupOf, limitGroupTerm } from './limit-groups.ts'
import type { PluginTable } from './plugin-table.ts'

/** Members of documents that hold the id of another document. */
const referenceMembers = ['upstream_id', 'service_id', 'plugin_config_id', 'group_id'] as const

export type ReferenceMember = (typeof referenceMembers)[number] | 'proto_id' | 'superior_id'

export function referenceTerm(member: ReferenceMember, id: unknown): string {
  return `${member}=${idText(id)}`
}

/** An upstream that a traffic-split rule names. */
export function trafficSplitTerm(upstreamId: unknown): string {
  return `traffic-split=${idText(upstreamId)}`
}

/** The value of a plugin's unique attribute, on a consumer or a credential. */
export function identityTerm(plugin: string, value: string): string {
  return `identity of ${plugin}=${value}`
}

/** A plugin in a global rule. */
export function globalPluginTerm(plugin: string): string {
  return `global plugin=${plugin}`
}

/** A decorated field of a service's schema. */
export function decorationTerm(serviceId: string, fieldPath: unknown): string {
  return `decoration of ${serviceId}=${idText(fieldPath)}`
}

/** @param value the document, decrypted. */
export function termsOf(name: DocumentName, value: JsonObject, table: PluginTable): readonly string[] {
  const terms: string[] = []
  for (const member of referenceMembers) {
    if (value[member] !== undefined) terms.push(referenceTerm(member, value[member]))
  }
  const { plugins, protocol } = value
  if (name.directory === 'graphql_cost_decorations')
    terms.push(decorationTerm(name.parent ?? '', value['field_path']))
  if (isJsonObject(protocol) && protocol['superior_id'] !== undefined) {
    terms.push(referenceTerm('superior_id', protocol['superior_id']))
  }
  if (!isJsonObject(plugins)) return terms
  terms.push(...pluginReferences(plugins))
  const group = limitGroupOf(plugins)
  if (group !== undefined) terms.push(limitGroupTerm(group))
  if (name.directory === 'global_rules') terms.push(...Object.keys(plugins).map(globalPluginTerm))
  if (name.directory === 'consumers' || name.directory === 'credentials') {
    for (const { plugin, value: identity } of identitiesOf(plugins, table))
      terms.push(identityTerm(plugin, identity))
  }
  return terms
}

function pluginReferences(plugins: JsonObject): string[] {
  const terms: string[] = []
  const grpc = plugins['grpc-transcode']
  if (isJsonObject(grpc) && grpc['proto_id'] !== undefined)
    terms.push(referenceTerm('proto_id', grpc['proto_id']))
  const split = plugins['traffic-split']
  for (const rule of listIn(split, 'rules')) {
    for (const one of listIn(rule, 'weighted_upstreams')) {
      if (isJsonObject(one) && one['upstream_id'] !== undefined)
        terms.push(trafficSplitTerm(one['upstream_id']))
    }
  }
  return terms
}

function listIn(value: unknown, member: string): readonly unknown[] {
  const list = isJsonObject(value) ? value[member] : undefined
  return Array.isArray(list) ? list : []
}

export interface Identity {
  readonly plugin: string
  readonly attribute: string
  readonly value: string
}

/** What must be unique among all consumers. References are not compared: nobody knows yet what they stand for. */
export function identitiesOf(plugins: JsonObject, table: PluginTable): readonly Identity[] {
  const identities: Identity[] = []
  for (const [plugin, config] of Object.entries(plugins)) {
    const attribute = table.get(plugin)?.uniqueAttribute
    if (attribute === undefined || !isJsonObject(config)) continue
    const value = config[attribute]
    if (typeof value === 'string' && !isReference(value)) identities.push({ plugin, attribute, value })
  }
  return identities
}
