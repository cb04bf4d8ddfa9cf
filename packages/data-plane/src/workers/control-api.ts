// What this data plane believes now, and what it may be asked to do (etcd.md §8).
import { route, service, upstream } from '@weir/contract'
import { type LocalAnswer, type LocalRequest, notFoundPage } from '../server/index.ts'
import { showConfiguration } from './control/configuration.ts'
import { listMetadata, listOf, oneMetadata, oneOf } from './control/documents.ts'
import { listChecks, oneCheck } from './control/healthcheck.ts'
import { resetQuotas, showQuotas } from './control/quotas.ts'
import { showSchemas } from './control/schemas.ts'
import { showServer } from './control/server-info.ts'
import type { ControlApiSources, Handler } from './control/sources.ts'

export type { ControlApiSources } from './control/sources.ts'

interface Call {
  readonly method: string
  readonly handle: Handler
  /** What DELETE does. */
  readonly remove?: Handler
}

/** By path; what ends in a slash takes the rest of the path as its argument. */
const calls: Readonly<Record<string, Call>> = {
  '/v1/routes': get(listOf(route)),
  '/v1/services': get(listOf(service)),
  '/v1/upstreams': get(listOf(upstream)),
  '/v1/route/': get(oneOf(route)),
  '/v1/service/': get(oneOf(service)),
  '/v1/upstream/': get(oneOf(upstream)),
  '/v1/plugin_metadatas': get(listMetadata),
  '/v1/plugin_metadata/': get(oneMetadata),
  '/v1/healthcheck': get(listChecks),
  '/v1/healthcheck/': get(oneCheck),
  '/v1/config': get(showConfiguration),
  '/v1/schema': get(showSchemas),
  '/v1/server_info': get(showServer),
  '/v1/quotas': {
    ...get(({ quotas }, _argument, request) => (quotas ? showQuotas(quotas, request) : notFoundPage)),
    remove: ({ quotas }, _argument, request) => (quotas ? resetQuotas(quotas, request) : notFoundPage),
  },
  '/v1/gc': { method: 'POST', handle: collect },
  '/v1/plugins/reload': { method: 'PUT', handle: reloadPlugins },
}

export function answerControl(
  sources: ControlApiSources,
  request: LocalRequest,
): LocalAnswer | Promise<LocalAnswer> {
  const { path, method } = request
  const exact = calls[path]
  const cut = path.indexOf('/', '/v1/'.length) + 1
  const call = exact ?? (cut > 0 ? calls[path.slice(0, cut)] : undefined)
  const handle = call?.method === method ? call.handle : method === 'DELETE' ? call?.remove : undefined
  return handle ? handle(sources, exact ? '' : path.slice(cut), request) : notFoundPage
}

function get(handle: Handler): Call {
  return { method: 'GET', handle }
}

function collect({ collectGarbage }: ControlApiSources): LocalAnswer {
  collectGarbage()
  return plain('')
}

function reloadPlugins({ reload }: ControlApiSources): LocalAnswer {
  reload()
  return plain('done')
}

function plain(body: string): LocalAnswer {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body }
}
