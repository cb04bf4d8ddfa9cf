// A user's own plugin, for tests: it answers requests with facts about the thread that serves them.
import { threadId } from 'node:worker_threads'
import { defineSchema } from '@weir/contract'
import {
  type ByteStream,
  definePlugin,
  type GatewayResponse,
  type PluginHost,
  type RequestContext,
} from '@weir/plugin-api'

const HOUR_S = 3600
const LEASE_MS = 60_000

export default definePlugin({
  name: 'thread',
  priority: 1,
  schema: defineSchema({
    type: 'object',
    properties: { text: { type: 'string', default: '' } },
    additionalProperties: false,
  }),
  create: ({ text }, host) => ({ proxy: (ctx) => answer(ctx, host, text) }),
})

async function answer(ctx: RequestContext, host: PluginHost, text: string): Promise<GatewayResponse> {
  if (ctx.request.queryArgument('crash') !== undefined) crash()
  if (ctx.request.queryArgument('reject') !== undefined) void Promise.reject(new Error('a stray promise'))
  const facts = JSON.stringify({ thread: threadId, text, count: await count(host) })
  const wait = ctx.request.queryArgument('wait')
  const body = wait === undefined ? facts : slowly(facts, Number(wait))
  return { status: 200, headers: ['Content-Type', 'application/json'], source: 'apisix', body }
}

/** A stream that begins at once and ends after `ms`. */
function slowly(text: string, ms: number): ByteStream {
  return {
    start(sink) {
      sink.chunk(Buffer.from(text))
      setTimeout(() => sink.end(), ms)
    },
    pause: () => {},
    resume: () => {},
    abort: () => {},
  }
}

/** How many requests all threads have served together. */
async function count(host: PluginHost): Promise<number> {
  const store = host.counters.open({ policy: 'local' })
  const ask = {
    key: 'served',
    limit: 1_000_000,
    windowSeconds: HOUR_S,
    amount: 1,
    admission: 'fits' as const,
  }
  const decision = await store.reserve([ask], LEASE_MS)
  if (decision.admitted) await store.settle(decision.lease, [1])
  return (decision.states[0]?.used ?? 0) + 1
}

function crash(): void {
  setImmediate(() => {
    throw new Error('a bug in a plugin')
  })
}
