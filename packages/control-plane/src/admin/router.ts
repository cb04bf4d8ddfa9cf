// From a request that may be served to the operation that serves it (contract: admin-api.md §1.3 and §2).
import { StoreUnavailableError } from '@weir/config-store'
import { refuse, refuseEarly, type Reply } from '../http/reply.ts'
import type { ReadBody } from '../http/body.ts'
import type { Admin } from './admin.ts'
import { afterApplied, waitOf } from './applied.ts'
import { numberOf } from './list-query.ts'
import { patch } from './patch.ts'
import { targetOf } from './path.ts'
import { getPlugins } from './plugin-endpoints.ts'
import { get } from './read.ts'
import { remove } from './remove.ts'
import type { AdminResource } from './resource.ts'
import { resources } from './resources.ts'
import { getSchema } from './schema-endpoints.ts'
import { post, put, type Write } from './write.ts'

export interface AdminRequest {
  readonly method: string
  /** The path's parts after `/apisix/admin`, decoded. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  readBody(): Promise<ReadBody>
}

/** The longest lease that etcd grants, in seconds. */
const TTL_MAX = 9_000_000_000

const methods = new Set(['GET', 'PUT', 'POST', 'PATCH', 'DELETE'])

/** Answers every request to a resource. `streamMode`: whether stream routes are served here. */
export async function answer(request: AdminRequest, admin: Admin, streamMode: boolean): Promise<Reply> {
  try {
    return await route(request, admin, streamMode)
  } catch (error) {
    if (error instanceof StoreUnavailableError) return refuse(503, error.message)
    throw error
  }
}

async function route(request: AdminRequest, admin: Admin, streamMode: boolean): Promise<Reply> {
  const { method, segments, query } = request
  const target = targetOf(segments)
  if (target.resource === undefined) return refuseEarly(400, 'missing resource type')
  if (target.resource === 'stream_routes' && !streamMode) {
    return refuseEarly(400, 'stream mode is disabled, can not add stream routes')
  }
  const getInformation = information.get(target.resource)
  const resource = resources.get(target.resource)
  if (getInformation === undefined && resource === undefined) return unsupported(target.resource)
  if (!methods.has(method) || (getInformation !== undefined && method !== 'GET')) {
    return refuseEarly(404, 'not found')
  }
  const body = await request.readBody()
  if (!body.ok) return body.reply
  const ttl = ttlOf(query)
  if (typeof ttl === 'string') return refuseEarly(400, ttl)
  const wait = method === 'GET' ? undefined : waitOf(query)
  if (wait !== undefined && 'complaint' in wait) return refuseEarly(400, wait.complaint)

  if (getInformation !== undefined) return getInformation(target.id, query, admin)
  if (resource === undefined) return unsupported(target.resource)
  if (resource.contract.refuses.some((refused) => refused === method)) {
    return refuse(405, `not supported \`${method}\` method for ${resource.contract.kind}`)
  }
  if (resource.above !== undefined && target.parent === undefined) return refuse(400, resource.above.unnamed)
  const write = { target, body: body.value, ttlSeconds: ttl }
  const written = await perform(method, resource, write, query, admin)
  return wait === undefined ? written : afterApplied(written, wait, admin)
}

function perform(
  method: string,
  resource: AdminResource,
  write: Write,
  query: URLSearchParams,
  admin: Admin,
): Reply | Promise<Reply> {
  switch (method) {
    case 'PUT':
      return put(resource, write, admin)
    case 'POST':
      return post(resource, write, admin)
    case 'PATCH':
      return patch(resource, write, admin)
    case 'DELETE':
      return remove(resource, write.target, query, admin)
    default:
      return get(resource, write.target, query, admin)
  }
}

type GetInformation = (name: string | undefined, query: URLSearchParams, admin: Admin) => Reply

/** What looks like a resource and is only read. */
const information: ReadonlyMap<string, GetInformation> = new Map([
  ['schema', getSchema],
  ['plugins', getPlugins],
])

function unsupported(resource: string): Reply {
  return refuseEarly(404, `Unsupported resource type: ${resource}`)
}

/** Seconds, undefined when there is none, or the complaint. */
function ttlOf(query: URLSearchParams): number | string | undefined {
  const text = query.get('ttl')
  if (text === null) return undefined
  const seconds = numberOf(text)
  if (seconds === undefined) return 'invalid argument ttl: should be a number'
  const granted = Math.ceil(seconds)
  if (granted < 1 || granted > TTL_MAX) return `invalid argument ttl: should be between 1 and ${TTL_MAX}`
  return granted
}
