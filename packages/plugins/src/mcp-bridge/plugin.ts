// Makes an MCP server that speaks over its standard input and output reachable by HTTP (ai-plugins.md §15).
import { definePlugin, type GatewayResponse, type RequestContext } from '@weir/plugin-api'
import { type Config, schema } from './schema.ts'
import { ServerProcess } from './server-process.ts'
import { Session } from './session.ts'
import { addSession, joinThreads, removeSession, sendTo, sessionCount } from './sessions.ts'

/** Of one route in one worker. */
export const sessionsMax = 100
/** Of one message from a client. */
const messageBytesMax = 1024 * 1024

export const mcpBridge = definePlugin<Config>({
  name: 'mcp-bridge',
  priority: 510,
  schema,
  create({ base_uri: baseUri, command, args = [] }, host) {
    const owner = host.owner.resourceKey
    const own = new Set<Session>()
    let starting = 0
    joinThreads()

    async function openSession(ctx: RequestContext): Promise<GatewayResponse> {
      if (sessionCount(owner) + starting >= sessionsMax) return reply(503, 'too many MCP sessions')
      starting++
      try {
        const server = await ServerProcess.start(command, args)
        const session = new Session(server, baseUri, (ended) => {
          own.delete(ended)
          removeSession(owner, ended)
        })
        own.add(session)
        addSession(owner, session)
        const headers = ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-cache']
        return { status: 200, headers, source: 'apisix', body: session }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
        ctx.log.error('an MCP server could not be started', { route: ctx.route.id, reason: code })
        return reply(500, 'the MCP server could not be started')
      } finally {
        starting--
      }
    }

    async function takeMessage({ request }: RequestContext): Promise<GatewayResponse> {
      const body = await request.readBody(messageBytesMax)
      if (typeof body === 'number') return reply(413, `a message may have ${messageBytesMax} bytes`)
      if (body.length === 0) return reply(400, 'the message is empty')
      // A message is a line. In JSON the ends of lines are blanks between other things.
      const message = body.toString().replaceAll(/[\r\n]+/g, ' ')
      switch (await sendTo(owner, request.queryArgument('sessionId') ?? '', message)) {
        case 'sent':
          return { status: 202, headers: [], source: 'apisix', body: undefined }
        case 'full':
          return reply(500, 'the MCP server does not take the message')
        case 'unknown':
          return reply(404, 'there is no such MCP session')
      }
    }

    return {
      proxy(ctx) {
        const { method, path } = ctx.request
        if (method === 'GET' && path === `${baseUri}/sse`) return openSession(ctx)
        if (method === 'POST' && path === `${baseUri}/message`) return takeMessage(ctx)
        return reply(404, 'not an endpoint of the MCP server')
      },
      dispose() {
        for (const session of own) session.end()
      },
    }
  },
})

function reply(status: number, reason: string): GatewayResponse {
  return {
    status,
    headers: ['Content-Type', 'application/json'],
    source: 'apisix',
    body: `${JSON.stringify({ error_msg: reason })}\n`,
  }
}
