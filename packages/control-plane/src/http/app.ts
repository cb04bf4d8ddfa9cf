// The Admin API as an HTTP application: who may come in, what lies where, and how answers leave.
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Logger } from '@weir/telemetry'
import { Hono, type Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Admin } from '../admin/admin.ts'
import { segmentsOf } from '../admin/path.ts'
import { listPlugins } from '../admin/plugin-endpoints.ts'
import { answer } from '../admin/router.ts'
import { validateSchema } from '../admin/schema-endpoints.ts'
import type { KeyCheck } from '../auth/admin-keys.ts'
import type { AllowList } from '../auth/allow-list.ts'
import { readBody, type ReadBody } from './body.ts'
import { page, pageContentType } from './pages.ts'
import { refuseEarly, type Reply } from './reply.ts'

type Env = { Bindings: HttpBindings }

export interface AppOptions {
  readonly admin: Admin
  readonly allowed: AllowList
  readonly checkKey: KeyCheck
  /** Whether pages of other origins may use the Admin API (contract: admin-api.md §1.2). */
  readonly cors: boolean
  readonly serverHeader: string
  readonly streamMode: boolean
  readonly bodyBytesMax: number
  readonly log: Logger
  reloadPlugins(): Promise<Reply>
}

const PREFIX = '/apisix/admin'

export function createApp(options: AppOptions): Hono<Env> {
  const { admin, log } = options
  const app = new Hono<Env>()

  app.use(async (c, next) => {
    c.header('Server', options.serverHeader)
    // Before everything else, so that strangers learn nothing.
    if (!options.allowed(c.env.incoming.socket.remoteAddress)) return sendPage(c, 403)
    if (options.cors && c.req.method === 'OPTIONS') return preflight(c)
    if (options.cors) allowOrigins(c)
    return next()
  })

  app.all('*', async (c) => {
    const { method } = c.req
    const { path, query } = splitTarget(c.req.url)
    if (path === undefined) return sendPage(c, 400)
    if (method === 'TRACE') return sendPage(c, 405)
    // Answered without a key: clients ask it to see whether the Admin API is there.
    if (method === 'HEAD' && path === PREFIX) return c.body('', 200, { 'Content-Type': 'application/json' })
    if (!methods.has(method) || !path.startsWith(`${PREFIX}/`)) return sendPage(c, 404)
    const refused = options.checkKey(c.env.incoming, query)
    if (refused !== undefined) {
      return send(c, refuseEarly(401, 'failed to check token', { description: refused }))
    }
    const body = bodyReader(c, c.env.incoming, options.bodyBytesMax)
    return send(c, await dispatch(method, segmentsOf(path.slice(PREFIX.length)), query, body))
  })
  app.onError((error, c) => {
    log.error('the Admin API failed', { path: c.req.path, error: error.stack ?? error.message })
    return send(c, refuseEarly(500, 'internal error'))
  })
  return app

  function dispatch(
    method: string,
    segments: readonly string[],
    query: URLSearchParams,
    read: () => Promise<ReadBody>,
  ): Reply | Promise<Reply> {
    const path = segments.join('/')
    if (path === 'plugins/list' && method === 'GET') return listPlugins(query, admin)
    if (path === 'plugins/reload') return reload(method)
    if (method === 'POST' && path.startsWith('schema/validate/'))
      return validateSchema(segments[2] ?? '', read)
    return answer({ method, segments, query, readBody: read }, admin, options.streamMode)
  }

  function reload(method: string): Reply | Promise<Reply> {
    if (method === 'PUT') return options.reloadPlugins()
    const why = `please use PUT method to reload the plugins, ${method} method is not allowed.`
    return refuseEarly(405, why)
  }
}

const methods = new Set(['GET', 'PUT', 'POST', 'PATCH', 'DELETE'])

/**
 * The decoded path and the arguments of a URL. The path is decoded before it is looked at, as nginx does it, so that
 * an encoded slash cannot reach what the plain one could not; undefined when it cannot be decoded.
 */
function splitTarget(url: string): { readonly path: string | undefined; readonly query: URLSearchParams } {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const question = url.indexOf('?', start)
  const end = question < 0 ? url.length : question
  const query = new URLSearchParams(url.slice(end + 1))
  try {
    return { path: decodeURIComponent(url.slice(start, end)), query }
  } catch {
    return { path: undefined, query }
  }
}

function bodyReader(c: Context<Env>, incoming: IncomingMessage, bytesMax: number): () => Promise<ReadBody> {
  return async () => {
    const body = await readBody(incoming, bytesMax)
    // What was not read would be taken for the next request.
    if (!body.ok && body.unread) c.header('Connection', 'close')
    return body
  }
}

function send(c: Context<Env>, { status, json, text = '', versioned, headers = {} }: Reply): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (versioned === true) c.header('X-API-VERSION', 'v3')
  c.header('Content-Type', 'application/json')
  return c.body(json === undefined ? text : `${json}\n`, status)
}

function sendPage(c: Context<Env>, status: ContentfulStatusCode): Response {
  return c.body(page(status), status, { 'Content-Type': pageContentType })
}

function allowOrigins(c: Context<Env>): void {
  c.header('Access-Control-Allow-Origin', '*')
  c.header('Access-Control-Allow-Credentials', 'true')
  c.header('Access-Control-Expose-Headers', '*')
  c.header('Access-Control-Max-Age', '3600')
}

function preflight(c: Context<Env>): Response {
  c.header('Access-Control-Allow-Origin', '*')
  c.header('Access-Control-Allow-Methods', 'POST, GET, PUT, OPTIONS, DELETE, PATCH')
  c.header('Access-Control-Max-Age', '3600')
  c.header('Access-Control-Allow-Headers', '*')
  c.header('Access-Control-Allow-Credentials', 'true')
  c.header('Content-Length', '0')
  return c.body('', 200, { 'Content-Type': 'text/plain; charset=utf-8' })
}
