// The object that a request's body has to be.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '@weir/llm'
import { type JsonBody, readJsonBody, type Reply, type RequestContext } from '@weir/plugin-api'

export type ObjectBody = JsonBody & { readonly value: JsonObject }

/** Or the refusal, in the words of contract/ai-plugins.md §12.1. */
export async function readObjectBody(ctx: RequestContext, maxBytes: number): Promise<ObjectBody | Reply> {
  const body = await readJsonBody(ctx, maxBytes)
  if (!('value' in body)) return { status: 400, body: { message: body.reason } }
  if (isObjectBody(body)) return body
  return { status: 400, body: { message: 'could not parse JSON request body: it is no object' } }
}

function isObjectBody(body: JsonBody): body is ObjectBody {
  return isJsonObject(body.value)
}
