// Stream route: which TCP and UDP connections, and where they go (contract/admin-api.md §5.8).

import { isJsonObject, type Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  pluginsSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { addressSchema, hostSchema } from '../schema/fragments/host.ts'
import { defineResource } from './define-resource.ts'
import { checkUpstream, upstreamSchema, type Upstream } from './upstream.ts'

const streamRouteSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
    remote_addr: addressSchema,
    server_addr: addressSchema,
    server_port: { type: 'integer', minimum: 1, maximum: 65_535 },
    sni: hostSchema,
    upstream: upstreamSchema,
    upstream_id: idSchema,
    service_id: idSchema,
    plugins: pluginsSchema,
    protocol: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        superior_id: idSchema,
        conf: { type: 'object' },
        logger: {
          type: 'array',
          items: {
            properties: {
              name: { type: 'string' },
              filter: { type: 'array' },
              conf: { type: 'object' },
            },
            dependencies: { name: ['conf'] },
            additionalProperties: false,
          },
        },
      },
      required: ['name'],
    },
  },
  additionalProperties: false,
} as const

export type StreamRoute = Omit<Static<typeof streamRouteSchema>, 'upstream'> & {
  readonly upstream?: Upstream
}

export const streamRoute = defineResource<typeof streamRouteSchema, StreamRoute>({
  kind: 'stream route',
  name: 'stream_route',
  collection: 'stream_routes',
  refuses: ['PATCH'],
  schema: streamRouteSchema,
  after: ({ upstream }) => (isJsonObject(upstream) ? checkUpstream(upstream) : undefined),
})
