// What every request to the Admin API passes before anything looks at it: the peer's address, and what browsers ask.
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AllowList } from '../auth/allow-list.ts'
import { page, pageContentType } from './pages.ts'

export type Env = { Bindings: HttpBindings }

export interface GateOptions {
  readonly allowed: AllowList
  /** Whether pages of other origins may use the Admin API (contract: admin-api.md §1.2). */
  readonly cors: boolean
  readonly serverHeader: string
}

/** What all paths begin with. */
export const PREFIX = '/apisix/admin'

export function addGate(app: Hono<Env>, { allowed, cors, serverHeader }: GateOptions): void {
  app.use(async (c, next) => {
    c.header('Server', serverHeader)
    // Before everything else, so that strangers learn nothing.
    if (!allowed(c.env.incoming.socket.remoteAddress)) return sendPage(c, 403)
    if (cors && c.req.method === 'OPTIONS') return preflight(c)
    if (cors) allowOrigins(c)
    return next()
  })
}

export function sendPage(c: Context<Env>, status: ContentfulStatusCode): Response {
  return c.body(page(status), status, { 'Content-Type': pageContentType })
}

/**
 * The decoded path and the arguments of a URL. The path is decoded before it is looked at, as nginx does it, so that
 * an encoded slash cannot reach what the plain one could not; undefined when it cannot be decoded.
 */
export function splitTarget(url: string): {
  readonly path: string | undefined
  readonly query: URLSearchParams
} {
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
