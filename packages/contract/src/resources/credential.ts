// Credential: a further identity of a consumer (contract/admin-api.md §5.5).

import { compileSchema, isJsonObject, type Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const keyTailSchema = {
  type: 'string',
  minLength: 15,
  maxLength: 128,
  pattern: '^[a-zA-Z0-9-_]+/credentials/[a-zA-Z0-9-_.]+$',
} as const

const credentialSchema = {
  type: 'object',
  properties: {
    /** Its own id, as the Admin API takes and stores it, or the key's tail, as standalone documents write it. */
    id: {
      oneOf: [idSchema, keyTailSchema],
    },
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    plugins: { type: 'object', maxProperties: 1 },
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  additionalProperties: false,
} as const

/** A plugin of Weir's that may stand beside the one of APISIX (docs/differences.md). */
const quotaPlugin = 'ai-consumer-rate-limiting'

const keyTail = compileSchema(keyTailSchema)

export type Credential = Static<typeof credentialSchema>

export const credential = defineResource<typeof credentialSchema, Credential>({
  kind: 'credential',
  name: 'credential',
  collection: 'credentials',
  refuses: ['POST', 'PATCH'],
  schema: credentialSchema,
  wider: {
    ...credentialSchema,
    properties: { ...credentialSchema.properties, plugins: { type: 'object' } },
  },
  after({ plugins }) {
    const names = isJsonObject(plugins) ? Object.keys(plugins).filter((name) => name !== quotaPlugin) : []
    if (names.length <= 1) return undefined
    return 'invalid configuration: property "plugins" validation failed: expect object to have at most 1 properties'
  },
  // An id with a slash can only be the tail of a key; what is wrong with it is said in APISIX's words.
  before: ({ id }) => {
    if (typeof id !== 'string' || !id.includes('/')) return undefined
    const complaint = keyTail.check(id)
    return complaint && `invalid configuration: property "id" validation failed: ${complaint}`
  },
})
