// GraphQL cost decoration: what a field of a service's schema costs (contract/admin-api.md §5.8).

import type { Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const argumentNames = { type: 'array', items: { type: 'string', minLength: 1 } } as const

const decorationSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    /** Comes from the path, not from the body. */
    service_id: idSchema,
    field_path: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$' },
    add_value: { type: 'number', minimum: 0, default: 1 },
    add_arguments: argumentNames,
    mul_value: { type: 'number', minimum: 0, default: 1 },
    mul_arguments: argumentNames,
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['field_path'],
  additionalProperties: false,
} as const

export type GraphqlCostDecoration = Static<typeof decorationSchema>

export const graphqlCostDecoration = defineResource<typeof decorationSchema, GraphqlCostDecoration>({
  kind: 'graphql cost decoration',
  name: 'graphql_cost_decoration',
  collection: 'graphql_cost_decorations',
  schema: decorationSchema,
})
