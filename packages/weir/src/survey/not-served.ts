// What APISIX can and this build cannot, beyond plugins: documents that it stores, and members that it cannot act on.
import { isJsonObject } from '@weir/contract'

/** Directories of the store that nothing in this build reads, and why. */
export const unreadDirectories: ReadonlyMap<string, string> = new Map([
  ['protos', 'only grpc-transcode reads protos, which this build does not run'],
  ['stream_routes', 'this build does not proxy TCP and UDP'],
  ['graphql_cost_decorations', 'only graphql-limit-count reads them, which this build does not run'],
])

const servedSchemes: readonly unknown[] = ['http', 'https']

/** Why requests to an upstream fail, be it a document of its own or a member of another one. */
export function unusableUpstream(upstream: unknown): readonly string[] {
  if (!isJsonObject(upstream)) return []
  const { scheme = 'http', discovery_type: discovery } = upstream
  const reasons: string[] = []
  if (!servedSchemes.includes(scheme)) reasons.push(`upstreams of scheme ${String(scheme)} are answered 503`)
  if (discovery !== undefined) reasons.push('this build has no service discovery')
  return reasons
}
