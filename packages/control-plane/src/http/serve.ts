// An application of the Admin API behind the socket that the settings ask for.
import { getRequestListener } from '@hono/node-server'
import type { Settings } from '@weir/contract'
import type { Hono } from 'hono'
import type { Env } from './gate.ts'
import type { AdminLimits } from './limits.ts'
import { page, pageContentType } from './pages.ts'
import { listen, type AdminServer } from './server.ts'

/** @throws when the port cannot be had or a certificate file cannot be used. */
export function serve(
  app: Hono<Env>,
  { https_admin, admin_api_mtls, admin_listen }: Settings['deployment']['admin'],
  limits: AdminLimits,
  serverHeader: string,
): Promise<AdminServer> {
  const listener = getRequestListener(app.fetch, {
    hostname: 'localhost',
    overrideGlobalObjects: false,
    errorHandler: () =>
      new Response(page(400), { status: 400, headers: { 'Content-Type': pageContentType } }),
  })
  const tls = https_admin ? admin_api_mtls : undefined
  return listen(
    (incoming, outgoing) => void listener(incoming, outgoing),
    admin_listen,
    tls,
    limits,
    serverHeader,
  )
}
