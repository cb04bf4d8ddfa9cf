// What health checks say (etcd.md §8): of the nodes of upstreams, and of the instances of LLM plugins.
import type { CheckerListing } from '@weir/upstream'
import { json, type LocalAnswer, type LocalRequest } from '../../server/index.ts'
import { healthcheckPage, type Listing } from './healthcheck-page.ts'
import type { ControlApiSources } from './sources.ts'

export function listChecks(
  { checkers }: ControlApiSources,
  _argument: string,
  request: LocalRequest,
): LocalAnswer {
  const listings = checkers().map(toListing)
  return wantsPage(request) ? healthcheckPage(listings) : json(200, orEmptyObject(listings.map(toJson)))
}

const checkedKinds = new Set(['routes', 'services', 'upstreams', 'stream_routes'])

export function oneCheck(
  { checkers, feed, prefix }: ControlApiSources,
  argument: string,
  request: LocalRequest,
): LocalAnswer {
  const [type = '', ...rest] = argument.split('/')
  const id = rest.join('/')
  if (!checkedKinds.has(type)) return json(400, { error_msg: `invalid src type ${type}` })
  if (id === '') return json(404, { error_msg: `missing src id for src type ${type}` })
  if (!feed.get(`/${type}/${id}`)) return json(404, { error_msg: `${type}[${id}] not found` })
  const checker = checkers().find(({ name }) => name === `upstream#${prefix}/${type}/${id}`)
  if (!checker) return json(404, { error_msg: `no checker for ${type}[${id}]` })
  const listing = toListing(checker)
  return wantsPage(request) ? healthcheckPage([listing]) : json(200, toJson(listing))
}

function wantsPage({ accept }: LocalRequest): boolean {
  return accept.includes('text/html')
}

/** An upstream is called by its resource's key; an instance by that and its place in the plugin. */
function toListing({ name, label, nodes, type }: CheckerListing): Listing {
  // A node that is no name goes by its address.
  const named = nodes.map((node) => ({ ...node, hostname: node.hostname || node.ip }))
  return { name: name.replace(/^upstream#/, ''), type, instance: label, nodes: named }
}

function toJson({ nodes, ...rest }: Listing): object {
  return { ...rest, nodes: orEmptyObject(nodes) }
}

/** An empty list prints as an empty object, as Lua cannot tell them apart (etcd.md §8). */
function orEmptyObject(items: readonly unknown[]): object {
  return items.length === 0 ? {} : items
}
