// One request, from its head to its log lines: the whole story.
import type { ServerResponse } from 'node:http'
import { GatewayError } from '@weir/contract'
import {
  type ByteStream,
  type GatewayResponse,
  isReply,
  type Reply,
  type RequestContext,
  type RequestSummary,
  type Stage,
} from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import { chainForConsumer, chainOf } from './chain-cache.ts'
import { buildChain, type Chain, type Step } from './chain.ts'
import { ClientGoneError, type IncomingRequest } from './client-request.ts'
import { Context } from './context.ts'
import { failureResponse, routeNotFound, toResponse } from './replies.ts'
import { type Outcome, ResponseWriter } from './response-writer.ts'
import { accessHook, applies, rewriteHook, runSteps } from './run-steps.ts'
import type { ChainEntry, Runtime } from './types.ts'

/** What every request of a worker shares. */
export interface Services {
  readonly runtime: Runtime
  readonly log: Logger
  /** Writes the access-log line. */
  record(ctx: RequestContext, summary: RequestSummary): void
  /** The Server header (routing.md §1). */
  readonly serverHeader: string
  /** X-APISIX-Upstream-Status on every response instead of upstream 5xx only (etcd.md §9). */
  readonly showUpstreamStatus: boolean
  /** True while the worker finishes what it has and takes nothing new. */
  draining(): boolean
}

/** nginx's status for a client that left before its answer; seen in logs only. */
const CLIENT_CLOSED_REQUEST = 499

/** Neither upstream nor upstream_id, and no plugin answers (routing.md §1). */
const noUpstream: Reply = { status: 503, body: { error_msg: 'the route has no upstream' } }

const noStages: readonly Stage[] = []
const emptyChain = buildChain([], [])

/** Never rejects: whatever goes wrong becomes a response, or only a log line when the client has gone. */
export async function handleRequest(
  request: IncomingRequest,
  reply: ServerResponse,
  services: Services,
): Promise<void> {
  const ctx = new Context(request, reply, services.log)
  let chain = emptyChain
  let response: GatewayResponse
  reply.on('close', () => {
    if (!reply.writableFinished) ctx.leave()
  })
  try {
    response = await decide()
    if (response.answer && chain.llmResponse.length > 0) response = await inspect(ctx, chain, response)
  } catch (error) {
    response = failed(ctx, error)
  }
  respond(ctx, chain, response, services)

  async function decide(): Promise<GatewayResponse> {
    const { globalEntries } = services.runtime
    const match = services.runtime.match(ctx)
    const route = match?.route
    if (route) {
      ctx.route = route.facts
      ctx.params = match.params
      if (route.problem) return toResponse(route.problem)
      chain = chainOf(route, globalEntries)
    } else chain = unmatchedChain(globalEntries)
    ctx.quotas = chain.quotas

    let early = runSteps(chain.rewrite, rewriteHook, ctx)
    if (early instanceof Promise) early = await early
    if (early) return early
    if (route && ctx.consumer) {
      const joined = chainForConsumer(route, globalEntries, ctx.consumer)
      if (isReply(joined)) return toResponse(joined)
      chain = joined
      ctx.quotas = chain.quotas
      early = runSteps(chain.rewriteInConsumer, rewriteHook, ctx)
      if (early instanceof Promise) early = await early
      if (early) return early
    }
    early = runSteps(chain.access, accessHook, ctx)
    if (early instanceof Promise) early = await early
    if (early) return early

    const proxy = chain.proxy && applies(chain.proxy, ctx) ? chain.proxy.instance : undefined
    if (proxy?.proxy) return proxy.proxy(ctx)
    if (!route) return toResponse(routeNotFound)
    return route.upstream ? route.upstream.forward(ctx) : toResponse(noUpstream)
  }
}

/** Shows a complete answer of an LLM to the plugins that check answers; the first reply takes its place. */
async function inspect(ctx: Context, chain: Chain, response: GatewayResponse): Promise<GatewayResponse> {
  const { answer } = response
  for (const step of chain.llmResponse) {
    if (!answer || !applies(step, ctx)) continue
    const reply = await step.instance.llmResponse?.(ctx, answer)
    if (reply) return toResponse(reply, step.errorResponse)
  }
  return response
}

function respond(ctx: Context, chain: Chain, response: GatewayResponse, services: Services): void {
  const writer = new ResponseWriter(ctx, (outcome) =>
    conclude(ctx, chain, response, outcome, writer.bodyBytes, services),
  )
  if (ctx.clientGone) {
    if (isStream(response.body)) response.body.abort(new ClientGoneError('the client left'))
    conclude(ctx, chain, response, 'client_gone', 0, services)
    return
  }
  response.headers.push('Server', services.serverHeader)
  for (const step of chain.headerFilter) {
    if (applies(step, ctx)) guarded(ctx, step, () => step.instance.headerFilter?.(ctx, response))
  }
  const { attempts } = ctx.upstream
  const last = attempts.at(-1)
  if (last && (services.showUpstreamStatus || last.status >= 500)) {
    const statuses = attempts.map((attempt) => attempt.status).join(', ')
    response.headers.push('X-APISIX-Upstream-Status', statuses)
  }
  let stages = noStages
  if (chain.stage.length > 0 && isStream(response.body)) {
    stages = chain.stage.flatMap((step) =>
      applies(step, ctx) ? (step.instance.stage?.(ctx, response) ?? []) : [],
    )
    if (stages.length > 0) dropHeader(response.headers, 'content-length')
  }
  writer.send(response, stages, services.draining())
}

/** The log phase. It runs after the last byte was handed over and cannot delay it. */
function conclude(
  ctx: Context,
  chain: Chain,
  response: GatewayResponse,
  outcome: Outcome,
  bodyBytes: number,
  services: Services,
): void {
  ctx.llm?.finish()
  const summary: RequestSummary = {
    status: outcome === 'client_gone' && !ctx.reply.headersSent ? CLIENT_CLOSED_REQUEST : response.status,
    source: response.source,
    requestBytes: ctx.request.bodyBytes,
    responseBytes: bodyBytes,
    durationMs: performance.now() - ctx.startedAt,
    upstreamMs: upstreamMs(ctx),
    outcome,
  }
  for (const step of chain.log) {
    if (applies(step, ctx)) guarded(ctx, step, () => step.instance.log?.(ctx, summary))
  }
  services.record(ctx, summary)
}

function failed(ctx: Context, error: unknown): GatewayResponse {
  if (!(error instanceof ClientGoneError) && !(error instanceof GatewayError)) {
    ctx.log.error('a request failed', {
      route: ctx.route.id,
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
  return failureResponse(error, ctx.upstream.attempts.length > 0 ? 'nginx' : 'apisix')
}

/** A plugin that throws where it cannot refuse any more is reported and passed over. */
function guarded(ctx: Context, step: Step, run: () => void): void {
  try {
    run()
  } catch (error) {
    ctx.log.error('a plugin failed', { plugin: step.name, route: ctx.route.id, reason: String(error) })
  }
}

function upstreamMs(ctx: Context): number | undefined {
  const { attempts } = ctx.upstream
  return attempts.length === 0
    ? undefined
    : attempts.reduce((sum, attempt) => sum + (attempt.responseMs ?? 0), 0)
}

function isStream(body: GatewayResponse['body']): body is ByteStream {
  return typeof body === 'object' && !(body instanceof Buffer)
}

function dropHeader(headers: string[], name: string): void {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
  if (at >= 0) headers.splice(at, 2)
}

let unmatched: { readonly globalEntries: readonly ChainEntry[]; readonly chain: Chain } | undefined

/** Requests without a route still meet the global rules (routing.md §1). */
function unmatchedChain(globalEntries: readonly ChainEntry[]): Chain {
  if (unmatched?.globalEntries !== globalEntries)
    unmatched = { globalEntries, chain: buildChain(globalEntries, []) }
  return unmatched.chain
}
