// Service: what several routes have in common (contract/admin-api.md §5.2).

import { isJsonObject, type Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  pluginsSchema,
  scriptSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { hostsSchema } from '../schema/fragments/host.ts'
import { defineResource } from './define-resource.ts'
import { refuseScript } from './lua.ts'
import { checkUpstream, upstreamSchema, type Upstream } from './upstream.ts'

const serviceSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
    plugins: pluginsSchema,
    upstream: upstreamSchema,
    upstream_id: idSchema,
    script: scriptSchema,
    enable_websocket: { type: 'boolean' },
    hosts: hostsSchema,
  },
  additionalProperties: false,
} as const

/** A parsed service. */
export type Service = Omit<Static<typeof serviceSchema>, 'upstream'> & { readonly upstream?: Upstream }

export const service = defineResource<typeof serviceSchema, Service>({
  kind: 'service',
  name: 'service',
  collection: 'services',
  schema: serviceSchema,
  after: (document) =>
    (isJsonObject(document['upstream']) ? checkUpstream(document['upstream']) : undefined) ??
    refuseScript(document['script']),
})
