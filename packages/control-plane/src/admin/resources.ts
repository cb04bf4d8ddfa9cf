// The resources of the Admin API: a row each.
import {
  consumer,
  consumerGroup,
  credential,
  globalRule,
  graphqlCostDecoration,
  isJsonObject,
  pluginConfig,
  pluginMetadata,
  proto,
  route,
  service,
  ssl,
  streamRoute,
  upstream,
} from '@weir/contract'
import { checkCertificates } from './certificates.ts'
import { bindToService, checkDecorationPatch, checkFieldPath } from './decorations.ts'
import { upstreamInUse, usedThrough } from './in-use.ts'
import type { AdminResource } from './resource.ts'
import { checkMetadata } from './plugin-metadata.ts'
import type { NamedPlugin } from './plugin-table.ts'
import { checkProtoContent } from './proto-content.ts'
import { checkSecret, secret } from './secrets.ts'
import { checkStreamPlugins, streamRouteInUse, superiorOf } from './stream-routes.ts'
import { checkGlobalPlugins, checkIdentities } from './unique.ts'

const rows: readonly AdminResource[] = [
  {
    contract: route,
    idMember: 'id',
    plugins: 'plain',
    references: ['upstream_id', 'service_id', 'plugin_config_id'],
    listFilters: new Set(['service_id', 'upstream_id']),
  },
  {
    contract: service,
    idMember: 'id',
    plugins: 'plain',
    references: ['upstream_id'],
    inUse: usedThrough('service_id', 'service directly', [
      ['routes', 'route'],
      ['stream_routes', 'stream_route'],
    ]),
    below: { collection: 'graphql_cost_decorations', startsEmpty: true },
  },
  { contract: upstream, idMember: 'id', inUse: upstreamInUse },
  {
    contract: consumer,
    idMember: 'username',
    plugins: 'consumer',
    pluginComplaint: 'invalid plugins configuration: ',
    references: ['group_id'],
    below: { collection: 'credentials', startsEmpty: false },
    unique: {
      member: 'plugins',
      check: ({ plugins }, { id }, { plugins: table, view }) =>
        isJsonObject(plugins) ? checkIdentities(plugins, { username: id }, table, view) : undefined,
    },
  },
  {
    contract: credential,
    idMember: 'id',
    plugins: 'consumer',
    pluginComplaint: 'invalid plugins configuration: ',
    above: { directory: 'consumers', missing: 'consumer not found', unnamed: 'missing username' },
    checkPlugins: (plugins, { plugins: table }) =>
      Object.keys(plugins).every((name) => mayStandOnCredential(table.get(name)))
        ? undefined
        : 'only supports auth type plugins in consumer credential',
    unique: {
      member: 'plugins',
      check: ({ plugins }, { id, parent = '' }, { plugins: table, view }) =>
        isJsonObject(plugins)
          ? checkIdentities(plugins, { username: parent, credentialId: id }, table, view)
          : undefined,
    },
  },
  {
    contract: consumerGroup,
    idMember: 'id',
    plugins: 'plain',
    inUse: usedThrough('group_id', 'consumer group', [['consumers', 'consumer']]),
  },
  {
    contract: pluginConfig,
    idMember: 'id',
    plugins: 'plain',
    inUse: usedThrough('plugin_config_id', 'plugin config', [['routes', 'route']]),
  },
  {
    contract: globalRule,
    idMember: 'id',
    plugins: 'plain',
    unique: {
      member: 'plugins',
      check: ({ plugins }, { id }, { view }) =>
        isJsonObject(plugins) ? checkGlobalPlugins(plugins, id, view) : undefined,
    },
  },
  {
    contract: ssl,
    idMember: 'id',
    checkMore: checkCertificates,
    privateKeys: { members: ['key', 'keys'], hidden: true },
  },
  {
    contract: secret,
    idMember: 'id',
    check: checkSecret,
    patchWithoutId: 'no secret id',
  },
  { contract: pluginMetadata, idMember: 'path', check: checkMetadata },
  {
    contract: proto,
    idMember: 'id',
    checkMore: checkProtoContent,
    inUse: usedThrough('proto_id', 'proto', [
      ['routes', 'route'],
      ['services', 'service'],
    ]),
  },
  {
    contract: streamRoute,
    idMember: 'id',
    references: ['upstream_id', 'service_id'],
    checkMore: checkStreamPlugins,
    needs: superiorOf,
    inUse: streamRouteInUse,
    listFilters: new Set(['service_id', 'upstream_id']),
  },
  {
    contract: graphqlCostDecoration,
    idMember: 'id',
    above: { directory: 'services', missing: 'service not found', unnamed: 'missing service id' },
    bind: bindToService,
    checkPatch: checkDecorationPatch,
    unique: {
      member: 'field_path',
      check: (document, name, { view }) => checkFieldPath(document, name, view),
    },
  },
]

/** By the segment that stands for them in paths. */
export const resources: ReadonlyMap<string, AdminResource> = new Map(
  rows.map((row) => [row.contract.collection, row]),
)

/** Those of APISIX, and those of Weir that say so. */
function mayStandOnCredential(plugin: NamedPlugin | undefined): boolean {
  return plugin?.type === 'auth' || plugin?.onCredentials === true
}
