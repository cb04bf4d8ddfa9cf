// SSL: certificates, of this server by name or of us as a client (contract/admin-api.md §5.7).

import type { Static } from '../schema/index.ts'
import { descSchema, idSchema, labelsSchema, timestampSchema } from '../schema/fragments/resource-members.ts'
import { hostSchema } from '../schema/fragments/host.ts'
import { defineResource } from './define-resource.ts'

const certificate = { type: 'string', minLength: 128, maxLength: 65_536 } as const
const privateKey = { type: 'string', minLength: 64, maxLength: 65_536 } as const

const sslSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    desc: descSchema,
    labels: labelsSchema,
    type: { type: 'string', enum: ['server', 'client'], default: 'server' },
    key: privateKey,
    cert: certificate,
    sni: hostSchema,
    snis: { type: 'array', minItems: 1, items: hostSchema },
    certs: { type: 'array', items: certificate },
    keys: { type: 'array', items: privateKey },
    client: {
      type: 'object',
      properties: {
        ca: certificate,
        depth: { type: 'integer', minimum: 0, default: 1 },
        skip_mtls_uri_regex: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string' } },
      },
      required: ['ca'],
    },
    status: { type: 'integer', enum: [1, 0], default: 1 },
    ssl_protocols: {
      type: 'array',
      maxItems: 3,
      uniqueItems: true,
      items: { enum: ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] },
    },
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  if: { properties: { type: { enum: ['server'] } } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { oneOf: [{ required: ['sni', 'key', 'cert'] }, { required: ['snis', 'key', 'cert'] }] },
  else: { required: ['key', 'cert'] },
  additionalProperties: false,
} as const

export type Ssl = Static<typeof sslSchema>

export const ssl = defineResource<typeof sslSchema, Ssl>({
  kind: 'ssl',
  name: 'ssl',
  collection: 'ssls',
  schema: sslSchema,
  references: true,
  after: ({ certs, keys }) => {
    const [certCount, keyCount] = [certs, keys].map((list) => (Array.isArray(list) ? list.length : 0))
    return certCount === keyCount ? undefined : 'mismatched number of certs and keys'
  },
})
