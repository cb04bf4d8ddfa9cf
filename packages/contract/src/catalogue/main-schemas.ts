// The JSON Schemas of resources by the names under which they are served (contract/admin-api.md §6, etcd.md §8).
import {
  consumer,
  consumerGroup,
  credential,
  globalRule,
  graphqlCostDecoration,
  pluginConfig,
  proto,
  route,
  service,
  ssl,
  streamRoute,
  upstream,
} from '../resources/index.ts'
import { hashKeySchemas } from '../resources/upstream.ts'

/** The list of enabled plugins, as it stands in the store. */
const pluginListSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1 },
      stream: { type: 'boolean' },
      // APISIX's slip, kept: meant beside `properties`, it forbids a member of this name.
      additionalProperties: false,
    },
    required: ['name'],
  },
}

const resources = [
  consumer,
  consumerGroup,
  globalRule,
  graphqlCostDecoration,
  pluginConfig,
  proto,
  route,
  service,
  ssl,
  streamRoute,
  upstream,
]

/** What the control API lists under `main`. */
export const mainSchemas: Readonly<Record<string, object>> = {
  ...Object.fromEntries(resources.map(({ name, schema }) => [name, schema])),
  plugins: pluginListSchema,
  upstream_hash_header_schema: hashKeySchemas.header,
  upstream_hash_vars_schema: hashKeySchemas.vars,
}

/** The schema that `GET /schema/{name}` answers with, or undefined. */
export function mainSchema(name: string): object | undefined {
  if (name === credential.name) return credential.schema
  return Object.hasOwn(mainSchemas, name) ? mainSchemas[name] : undefined
}
