// The Admin API of the API-driven standalone mode as an HTTP application. Only these paths exist; everything else is
// a page without a look at the key, as in APISIX (contract: admin-api.md §7).
import type { Logger } from '@weir/telemetry'
import { Hono, type Context } from 'hono'
import type { KeyCheck } from '../auth/admin-keys.ts'
import { addGate, type Env, type GateOptions, PREFIX, sendPage, splitTarget } from '../http/gate.ts'
import { refuseEarly } from '../http/reply.ts'
import {
  getConfiguration,
  headConfiguration,
  putConfiguration,
  type StandaloneReply,
  type StandaloneServices,
  validateConfiguration,
} from './endpoints.ts'

export interface StandaloneAppOptions extends GateOptions {
  readonly services: StandaloneServices
  readonly checkKey: KeyCheck
  readonly log: Logger
}

type Endpoint = (c: Context<Env>, services: StandaloneServices) => StandaloneReply | Promise<StandaloneReply>

const endpoints: Readonly<Record<string, Endpoint>> = {
  'GET /configs': (c, services) => getConfiguration(c.env.incoming.headers.accept ?? '', services),
  'HEAD /configs': (_c, services) => headConfiguration(services),
  'PUT /configs': (c, services) => putConfiguration(c.env.incoming, services),
  'POST /configs/validate': (c, services) => validateConfiguration(c.env.incoming, services),
}

export function createStandaloneApp(options: StandaloneAppOptions): Hono<Env> {
  const { services, checkKey, log } = options
  const app = new Hono<Env>()
  addGate(app, options)

  app.all('*', async (c) => {
    const { method } = c.req
    const { path, query } = splitTarget(c.req.url)
    if (path === undefined) return sendPage(c, 400)
    if (method === 'HEAD' && path === PREFIX) return c.body('', 200, { 'Content-Type': 'application/json' })
    const isBelow = path.startsWith(`${PREFIX}/`)
    const endpoint = isBelow ? endpoints[`${method} ${path.slice(PREFIX.length)}`] : undefined
    if (!endpoint) return sendPage(c, method === 'TRACE' ? 405 : 404)
    const refused = checkKey(c.env.incoming, query)
    if (refused !== undefined) {
      return send(c, refuseEarly(401, 'failed to check token', { description: refused }))
    }
    return send(c, await endpoint(c, services))
  })
  app.onError((error, c) => {
    log.error('the Admin API failed', { path: c.req.path, error: error.stack ?? error.message })
    return send(c, refuseEarly(500, 'internal error'))
  })
  return app
}

function send(c: Context<Env>, { status, json, text = '', headers, unread }: StandaloneReply): Response {
  // What was not read would be taken for the next request.
  if (unread === true) c.header('Connection', 'close')
  if (status === 204) return c.body(null, 204)
  c.header('Content-Type', 'application/json')
  for (const [name, value] of Object.entries(headers ?? {})) c.header(name, value)
  return c.body(json === undefined ? text : `${json}\n`, status)
}
