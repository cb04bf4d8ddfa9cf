// Upstream: the nodes behind a route and how to reach them (contract/admin-api.md §5.3).

import { isIPv6 } from 'node:net'
import { compileSchema, isJsonObject, type JsonObject, type Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { healthCheckSchema, type HealthCheck } from '../schema/fragments/health-check.ts'
import { hostSchema, timeoutSchema } from '../schema/fragments/host.ts'
import { defineResource } from './define-resource.ts'
import { parseHostPort } from './nodes.ts'

export const upstreamSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
    nodes: {
      anyOf: [
        { type: 'object', patternProperties: { '.*': { type: 'integer', minimum: 0 } } },
        {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              host: hostSchema,
              port: { type: 'integer', minimum: 1, maximum: 65_535 },
              weight: { type: 'integer', minimum: 0 },
              priority: { type: 'integer', default: 0 },
              metadata: { type: 'object' },
            },
            required: ['host', 'weight'],
          },
        },
      ],
    },
    service_name: { type: 'string', minLength: 1, maxLength: 256 },
    discovery_type: { type: 'string' },
    discovery_args: {
      type: 'object',
      properties: { namespace_id: { type: 'string' }, group_name: { type: 'string' } },
    },
    type: { type: 'string', default: 'roundrobin' },
    hash_on: {
      type: 'string',
      enum: ['vars', 'header', 'cookie', 'consumer', 'vars_combinations'],
      default: 'vars',
    },
    key: { type: 'string' },
    scheme: { enum: ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'udp', 'kafka'], default: 'http' },
    retries: { type: 'integer', minimum: 0 },
    retry_timeout: { type: 'number', minimum: 0 },
    timeout: timeoutSchema,
    keepalive_pool: {
      type: 'object',
      properties: {
        size: { type: 'integer', minimum: 1, default: 320 },
        idle_timeout: { type: 'number', minimum: 0, default: 60 },
        requests: { type: 'integer', minimum: 1, default: 1000 },
      },
    },
    pass_host: { type: 'string', enum: ['pass', 'node', 'rewrite'], default: 'pass' },
    upstream_host: hostSchema,
    tls: {
      type: 'object',
      properties: {
        client_cert: { type: 'string', minLength: 128, maxLength: 65_536 },
        client_key: { type: 'string', minLength: 64, maxLength: 65_536 },
        client_cert_id: idSchema,
        verify: { type: 'boolean', default: false },
      },
      dependencies: {
        client_cert: { required: ['client_key'] },
        client_key: { required: ['client_cert'] },
        client_cert_id: { not: { required: ['client_cert', 'client_key'] } },
      },
    },
    checks: healthCheckSchema,
  },
  oneOf: [{ required: ['nodes'] }, { required: ['service_name', 'discovery_type'] }],
  additionalProperties: false,
} as const

/** A parsed upstream: defaults are present. Times are seconds. */
export type Upstream = Omit<Static<typeof upstreamSchema>, 'checks'> & { readonly checks?: HealthCheck }

export const upstream = defineResource<typeof upstreamSchema, Upstream>({
  kind: 'upstream',
  name: 'upstream',
  collection: 'upstreams',
  schema: upstreamSchema,
  after: checkUpstream,
})

/** What a chash upstream may hash on. */
export const hashKeySchemas = {
  vars: {
    type: 'string',
    pattern:
      '^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$',
  },
  header: { type: 'string', pattern: '^[a-zA-Z0-9-_]+$' },
} as const

const hashKeys = {
  vars: compileSchema(hashKeySchemas.vars),
  header: compileSchema(hashKeySchemas.header),
}

/**
 * What the schema cannot say about an upstream, in APISIX's words; undefined when all is well. For documents
 * that satisfy the schema.
 */
export function checkUpstream(document: JsonObject): string | undefined {
  return (
    checkNodes(document['nodes']) ??
    checkHost(document) ??
    (document['type'] === 'chash' ? checkHashKey(document) : undefined)
  )
}

function checkNodes(nodes: unknown): string | undefined {
  if (Array.isArray(nodes)) {
    const bare = nodes.some((node: JsonObject) => isIPv6(String(node['host'])))
    return bare ? "invalid configuration: IPv6 address must be enclosed with '[' and ']'" : undefined
  }
  if (!isJsonObject(nodes)) return undefined
  for (const address of Object.keys(nodes)) {
    const { port } = parseHostPort(address)
    if (port !== undefined && (port < 1 || port > 65_535)) return `invalid port ${port}`
  }
  return undefined
}

function checkHost(document: JsonObject): string | undefined {
  if (document['pass_host'] !== 'rewrite' || document['upstream_host']) return undefined
  return "`upstream_host` can't be empty when `pass_host` is `rewrite`"
}

function checkHashKey(document: JsonObject): string | undefined {
  const hashOn = document['hash_on']
  if (hashOn === 'consumer') return undefined
  if (document['key'] === undefined) return 'missing key'
  if (hashOn === 'vars_combinations') return undefined
  const complaint = hashKeys[hashOn === 'vars' ? 'vars' : 'header'].check(document['key'])
  return complaint === undefined ? undefined : `invalid configuration: ${complaint}`
}
