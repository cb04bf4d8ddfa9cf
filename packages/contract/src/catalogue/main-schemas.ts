// The JSON Schemas of resources by the names under which they are served (contract/admin-api.md §6, etcd.md §8).
import { readResourceProse, withProse } from './prose.ts'
import {
  consumer,
  consumerGroup,
  credential,
  globalRule,
  graphqlCostDecoration,
  pluginConfig,
  proto,
  type Resource,
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

const resources: readonly Resource<unknown>[] = [
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

const others: Readonly<Record<string, object>> = {
  plugins: pluginListSchema,
  upstream_hash_header_schema: hashKeySchemas.header,
  upstream_hash_vars_schema: hashKeySchemas.vars,
}

/** What the control API lists under `main`. */
export function mainSchemas(): Readonly<Record<string, object>> {
  return { ...Object.fromEntries(resources.map((resource) => [resource.name, served(resource)])), ...others }
}

/** The schema that `GET /schema/{name}` answers with, or undefined. */
export function mainSchema(name: string): object | undefined {
  const resource = [...resources, credential].find((one) => one.name === name)
  if (resource !== undefined) return served(resource)
  return Object.hasOwn(others, name) ? others[name] : undefined
}

function served({ name, schema }: Resource<unknown>): object {
  const prose = readResourceProse()
  return withProse(schema, { ...prose['every resource'], ...prose[name] })
}
