// Proto: a protocol buffers definition (contract/admin-api.md §5.8).

import type { Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const protoSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    content: { type: 'string', minLength: 1, maxLength: 1_048_576 },
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['content'],
  additionalProperties: false,
} as const

export type Proto = Static<typeof protoSchema>

export const proto = defineResource<typeof protoSchema, Proto>({
  kind: 'proto',
  name: 'proto',
  collection: 'protos',
  refuses: ['PATCH'],
  schema: protoSchema,
})
