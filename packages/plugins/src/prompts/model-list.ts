// A question that holds no prompt.
import { modelAsked } from '@weir/llm'
import type { ClientRequest } from '@weir/plugin-api'

/** Which models there are, or whether there is one: answered by ai-proxy and ai-proxy-multi without a body. */
export function asksForModels({ method, path, headers }: ClientRequest): boolean {
  if (method !== 'GET' || modelAsked(path) === undefined) return false
  return headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)
}
