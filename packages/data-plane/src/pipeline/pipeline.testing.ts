// A pipeline behind a real server, for tests: one route, or none, with plugins made up for it.
import { createServer, type Server } from 'node:http'
import type { AnyPlugin, PluginInstance, RequestSummary, RouteFacts } from '@weir/plugin-api'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { afterEach } from 'vitest'
import { GatewayReply, handleRequest, IncomingRequest, type Runtime, type Services } from './index.ts'
import type { ChainEntry, CompiledRoute, PluginMeta } from './types.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

export function entry(
  name: string,
  priority: number,
  instance: PluginInstance,
  meta?: Partial<PluginMeta>,
): ChainEntry {
  const schema = {
    json: {},
    check: () => undefined,
    parse: (value: unknown) => ({ ok: true as const, value }),
  }
  const plugin: AnyPlugin = { name, priority, schema, create: () => instance }
  return {
    plugin,
    meta: meta && { priority: undefined, filter: undefined, errorResponse: undefined, ...meta },
    instance: () => instance,
  }
}

export function routeOf(entries: readonly ChainEntry[], more: Partial<CompiledRoute> = {}): CompiledRoute {
  return {
    entries,
    entriesFor: () => undefined,
    upstream: undefined,
    problem: undefined,
    enableWebsocket: false,
    ...more,
  }
}

const facts: RouteFacts = {
  id: 'r',
  name: 'r',
  serviceId: undefined,
  serviceName: undefined,
  uri: '/*',
  hostPattern: '',
  labels: {},
}

/** Every request meets the route, unless `passes` says otherwise; 404 without one. Ends behind its test. */
export async function serve(
  route: CompiledRoute | undefined,
  globalEntries: readonly ChainEntry[] = [],
  more: Partial<Services> & { passes?: (ctx: Parameters<Runtime['match']>[0]) => boolean } = {},
) {
  const { passes = () => true, ...otherServices } = more
  const runtime: Runtime = {
    match: (ctx) => (route && passes(ctx) ? { route, facts, params: undefined } : undefined),
    globalEntries,
  }
  const summaries: RequestSummary[] = []
  const log = new RecordingLogger()
  const services: Services = {
    runtime,
    log,
    record: (_ctx: unknown, summary: RequestSummary) => void summaries.push(summary),
    serverHeader: 'APISIX/3.18.0',
    showUpstreamStatus: false,
    exposeTimings: false,
    bodyVariablesBytesMax: 1_000_000,
    draining: () => false,
    ...otherServices,
  }
  const server = createServer({ ServerResponse: GatewayReply }, (message, reply) => {
    void handleRequest(new IncomingRequest(message, (path) => path), reply, services)
  })
  servers.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, summaries, log }
}
