// The Admin API as an HTTP application: who may come in, what lies where, and how answers leave.
import type { IncomingMessage } from 'node:http'
import type { Logger } from '@weir/telemetry'
import { Hono, type Context } from 'hono'
import type { Admin } from '../admin/admin.ts'
import { segmentsOf } from '../admin/path.ts'
import { listPlugins } from '../admin/plugin-endpoints.ts'
import { answer } from '../admin/router.ts'
import { validateSchema } from '../admin/schema-endpoints.ts'
import type { KeyCheck } from '../auth/admin-keys.ts'
import { validateConfiguration } from '../standalone/endpoints.ts'
import { readBody, type ReadBody } from './body.ts'
import { addGate, type Env, type GateOptions, PREFIX, sendPage, splitTarget } from './gate.ts'
import { refuseEarly, type Reply } from './reply.ts'

export interface AppOptions extends GateOptions {
  readonly admin: Admin
  readonly checkKey: KeyCheck
  readonly streamMode: boolean
  readonly bodyBytesMax: number
  readonly log: Logger
  reloadPlugins(): Promise<Reply>
}

export function createApp(options: AppOptions): Hono<Env> {
  const { admin, log } = options
  const app = new Hono<Env>()

  addGate(app, options)

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
    const segments = segmentsOf(path.slice(PREFIX.length))
    if (method === 'POST' && segments.join('/') === 'configs/validate') return validate(c)
    const body = bodyReader(c, c.env.incoming, options.bodyBytesMax)
    return send(c, await dispatch(method, segments, query, body))
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

  async function validate(c: Context<Env>): Promise<Response> {
    const services = { ...admin, bodyBytesMax: options.bodyBytesMax }
    const { unread, ...checked } = await validateConfiguration(c.env.incoming, services)
    if (unread === true) c.header('Connection', 'close')
    return send(c, checked)
  }

  function reload(method: string): Reply | Promise<Reply> {
    if (method === 'PUT') return options.reloadPlugins()
    const why = `please use PUT method to reload the plugins, ${method} method is not allowed.`
    return refuseEarly(405, why)
  }
}

const methods = new Set(['GET', 'PUT', 'POST', 'PATCH', 'DELETE'])

function bodyReader(c: Context<Env>, incoming: IncomingMessage, bytesMax: number): () => Promise<ReadBody> {
  return async () => {
    const body = await readBody(incoming, bytesMax)
    // What was not read would be taken for the next request.
    if (!body.ok && body.unread) c.header('Connection', 'close')
    return body
  }
}

/** Taken from `pieces` as fast as the client reads. */
function toStream(pieces: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const left = pieces[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await left.next()
      if (!done) controller.enqueue(encoder.encode(value))
      else {
        controller.enqueue(encoder.encode('\n'))
        controller.close()
      }
    },
  })
}

function send(c: Context<Env>, { status, json, text = '', versioned, headers = {} }: Reply): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (versioned === true) c.header('X-API-VERSION', 'v3')
  c.header('Content-Type', 'application/json')
  if (typeof json === 'object') return c.body(toStream(json), status)
  return c.body(json === undefined ? text : `${json}\n`, status)
}
