// Credential: a further identity of a consumer (contract/admin-api.md §5.5).

import type { Static } from '../schema/index.ts'
import { descSchema, labelsSchema, nameSchema, timestampSchema } from '../schema/fragments/common.ts'
import { defineResource } from './define-resource.ts'

const credentialSchema = {
  type: 'object',
  properties: {
    /**
     * `<username>/credentials/<id>`: the key's tail, as documents have it when they are checked. Stored in a
     * document is only the last part.
     */
    id: { type: 'string', minLength: 15, maxLength: 128 },
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    plugins: { type: 'object', maxProperties: 1 },
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  additionalProperties: false,
} as const

export type Credential = Static<typeof credentialSchema>

export const credential = defineResource<typeof credentialSchema, Credential>({
  kind: 'credential',
  name: 'credential',
  collection: 'credentials',
  refuses: ['POST', 'PATCH'],
  schema: credentialSchema,
})
