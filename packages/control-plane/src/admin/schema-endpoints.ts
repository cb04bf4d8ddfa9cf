// The JSON Schemas of resources, and the check of a document against one of them (contract: admin-api.md §6).
import { mainSchema } from '@weir/contract'
import { refuse, refuseEarly, reply, type Reply } from '../http/reply.ts'
import type { ReadBody } from '../http/body.ts'
import { resources } from './resources.ts'

/** `GET /schema/{name}` */
export function getSchema(name = ''): Reply {
  const schema = mainSchema(name)
  return schema === undefined ? refuse(400, `not found schema: ${name}`) : reply(200, schema)
}

/** `POST /schema/validate/{resources}`: the schema alone, without plugins and references. */
export async function validateSchema(name: string, readBody: () => Promise<ReadBody>): Promise<Reply> {
  const resource = resources.get(name)
  // Where the name decides which schema counts, there is none to check against.
  if (resource === undefined || resource.check !== undefined)
    return refuseEarly(404, `Unsupported resource type: ${name}`)
  const body = await readBody()
  if (!body.ok) return body.reply
  const complaint = resource.contract.checkSchema(body.value)
  return complaint === undefined ? { status: 200, text: '' } : refuseEarly(400, complaint)
}
