// Route: which requests, and what happens to them (contract/admin-api.md §5.1).

import { compileExpr } from '../expr/compile.ts'
import { isJsonObject, type JsonObject, type Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  pluginsSchema,
  scriptSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import {
  addressSchema,
  hostSchema,
  hostsSchema,
  httpMethods,
  timeoutSchema,
} from '../schema/fragments/host.ts'
import { defineResource } from './define-resource.ts'
import { isJsonPath } from './json-path.ts'
import { refuseFilterFunc, refuseScript } from './lua.ts'
import { checkUpstream, upstreamSchema, type Upstream } from './upstream.ts'

/** `name` or `names`, or neither. */
function atMostOne<const Name extends string, const Names extends string>(name: Name, names: Names) {
  return {
    oneOf: [
      { not: { anyOf: [{ required: [name] }, { required: [names] }] } },
      { required: [name] },
      { required: [names] },
    ],
  }
}

const routeSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
    uri: { type: 'string', minLength: 1, maxLength: 4096 },
    uris: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
    priority: { type: 'integer', default: 0 },
    methods: { type: 'array', items: { type: 'string', enum: httpMethods }, uniqueItems: true },
    host: hostSchema,
    hosts: hostsSchema,
    remote_addr: addressSchema,
    remote_addrs: { type: 'array', items: addressSchema, minItems: 1, uniqueItems: true },
    timeout: timeoutSchema,
    vars: { type: 'array' },
    filter_func: { type: 'string', minLength: 10, pattern: '^function' },
    script: scriptSchema,
    script_id: idSchema,
    plugins: pluginsSchema,
    plugin_config_id: idSchema,
    service_id: idSchema,
    upstream_id: idSchema,
    upstream: upstreamSchema,
    enable_websocket: { type: 'boolean' },
    status: { type: 'integer', enum: [1, 0], default: 1 },
  },
  allOf: [
    { oneOf: [{ required: ['uri'] }, { required: ['uris'] }] },
    atMostOne('host', 'hosts'),
    atMostOne('remote_addr', 'remote_addrs'),
  ],
  anyOf: [
    { required: ['plugins', 'uri'] },
    { required: ['upstream', 'uri'] },
    { required: ['upstream_id', 'uri'] },
    { required: ['service_id', 'uri'] },
    { required: ['plugins', 'uris'] },
    { required: ['upstream', 'uris'] },
    { required: ['upstream_id', 'uris'] },
    { required: ['service_id', 'uris'] },
    { required: ['script', 'uri'] },
    { required: ['script', 'uris'] },
  ],
  not: { anyOf: [{ required: ['script', 'plugins'] }, { required: ['script', 'plugin_config_id'] }] },
  additionalProperties: false,
} as const

/** A parsed route: defaults are present. */
export type Route = Omit<Static<typeof routeSchema>, 'upstream'> & { readonly upstream?: Upstream }

export const route = defineResource<typeof routeSchema, Route>({
  kind: 'route',
  name: 'route',
  collection: 'routes',
  schema: routeSchema,
  before: ({ host, hosts, remote_addr, remote_addrs }) => {
    if (host !== undefined && hosts !== undefined) return 'only one of host or hosts is allowed'
    if (remote_addr === undefined || remote_addrs === undefined) return undefined
    return 'only one of remote_addr or remote_addrs is allowed'
  },
  after: (document) =>
    (isJsonObject(document['upstream']) ? checkUpstream(document['upstream']) : undefined) ??
    checkVars(document) ??
    refuseFilterFunc(document['filter_func']) ??
    refuseScript(document['script']),
})

function checkVars({ vars }: JsonObject): string | undefined {
  if (vars === undefined) return undefined
  const compiled = compileExpr(vars)
  if (!compiled.ok) return `failed to validate the 'vars' expression: ${compiled.error}`
  for (const name of compiled.variables) {
    const path = name.startsWith(bodyField) ? name.slice(bodyField.length) : undefined
    if (path !== undefined && !isJsonPath(path)) {
      return `failed to validate the 'vars' expression: invalid expression: $.${path}`
    }
  }
  return undefined
}

const bodyField = 'post_arg.'
