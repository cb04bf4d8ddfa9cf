// A question that holds no prompt.
import type { ClientRequest } from '@weir/plugin-api'

/** Which models there are: answered by ai-proxy and ai-proxy-multi without a body. */
export function asksForModels({ method, path, headers }: ClientRequest): boolean {
  if (method !== 'GET' || !path.endsWith('/v1/models')) return false
  return headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)
}
