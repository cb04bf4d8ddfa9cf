// Documents that no data plane of this build reads are still checked: an APISIX on the same store may read them.
import { graphqlCostDecoration, type JsonObject, proto, secretManagers, streamRoute } from '@weir/contract'

/** The complaint, in APISIX's words; undefined when there is none. `id` is the key's tail. */
export function checkUnread(directory: string, id: string, document: JsonObject): string | undefined {
  const named = { ...document, id: id.split('/').at(-1) }
  switch (directory) {
    case 'protos':
      return proto.check(named)
    case 'stream_routes':
      return streamRoute.check(named)
    case 'graphql_cost_decorations':
      return graphqlCostDecoration.check(named)
    case 'secrets':
      return checkSecret(id, document)
    default:
      return 'its key names no document'
  }
}

function checkSecret(id: string, document: JsonObject): string | undefined {
  const [manager = ''] = id.split('/')
  const contract = Object.hasOwn(secretManagers, manager) ? secretManagers[manager] : undefined
  return contract ? contract.check(document) : `invalid secret manager: ${manager}`
}
