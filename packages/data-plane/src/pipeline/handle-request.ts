// One request, from its head to its log lines: the whole story.
import { GatewayError } from '@weir/contract'
import {
  type GatewayResponse,
  isByteStream,
  isReply,
  type Reply,
  type RequestSummary,
  type Stage,
} from '@weir/plugin-api'
import { prepareBody } from './body-variables.ts'
import { chainForConsumer, chainOf } from './chain-cache.ts'
import { buildChain, type Chain, type Step } from './chain.ts'
import { ClientGoneError, type IncomingRequest, isUpgrade } from './client-request.ts'
import { Context } from './context.ts'
import type { GatewayReply } from './gateway-reply.ts'
import { failureResponse, routeNotFound, toResponse } from './replies.ts'
import { type Outcome, ResponseWriter } from './response-writer.ts'
import { accessHook, applies, rewriteHook, runSteps } from './run-steps.ts'
import type { Services } from './services.ts'
import { addTimings } from './timings.ts'
import type { ChainEntry } from './types.ts'

/** nginx's status for a client that left before its answer; seen in logs only. */
const CLIENT_CLOSED_REQUEST = 499

const STACK_FRAMES_MAX = 6

/** Neither upstream nor upstream_id, and no plugin answers (routing.md §1). */
const noUpstream: Reply = { status: 503, body: { error_msg: 'the route has no upstream' } }

const noStages: readonly Stage[] = []

/** Never rejects: whatever goes wrong becomes a response, or only a log line when the client has gone. */
export async function handleRequest(
  request: IncomingRequest,
  reply: GatewayReply,
  services: Services,
): Promise<void> {
  const ctx = new Context(request, reply, services.log)
  reply.watch(ctx)
  let response: GatewayResponse
  try {
    response = await decide(ctx, services)
    if (response.answer && ctx.chain.llmResponse.length > 0) response = await inspect(ctx, response)
  } catch (error) {
    response = failed(ctx, error)
  }
  try {
    respond(ctx, response, services)
  } catch (error) {
    if (isByteStream(response.body)) response.body.abort(new Error('the response could not be sent'))
    const failure = failed(ctx, error)
    // It may have been a header of some plugin that cannot be sent.
    ctx.responseHeaders.length = 0
    if (reply.headersSent) reply.destroy()
    else new ResponseWriter(ctx, failure, services, conclude).send(noStages, true)
  }
}

async function decide(ctx: Context, services: Services): Promise<GatewayResponse> {
  const { runtime, bodyVariablesBytesMax } = services
  const { globalEntries } = runtime
  let found = runtime.match(ctx)
  if (ctx.bodyVariables === 'wanted') {
    await prepareBody(ctx, bodyVariablesBytesMax)
    found = runtime.match(ctx)
  }
  const match = found
  const route = match?.route
  if (route) {
    ctx.route = match.facts
    ctx.params = match.params
    if (route.problem) return toResponse(route.problem)
    ctx.mayUpgrade = route.enableWebsocket && isUpgrade(ctx.request)
    ctx.chain = chainOf(route, globalEntries)
  } else ctx.chain = unmatchedChain(globalEntries)
  if (lacksBody(ctx)) await prepareBody(ctx, bodyVariablesBytesMax)

  let early = runSteps(ctx.chain.rewrite, rewriteHook, ctx)
  if (early instanceof Promise) early = await early
  if (early) return early
  if (route && ctx.consumer) {
    const joined = chainForConsumer(route, globalEntries, ctx.consumer)
    if (isReply(joined)) return toResponse(joined)
    ctx.chain = joined
    if (lacksBody(ctx)) await prepareBody(ctx, bodyVariablesBytesMax)
    early = runSteps(joined.rewriteInConsumer, rewriteHook, ctx)
    if (early instanceof Promise) early = await early
    if (early) return early
  }
  early = runSteps(ctx.chain.access, accessHook, ctx)
  if (early instanceof Promise) early = await early
  if (early) return early

  const { proxy } = ctx.chain
  if (proxy?.instance.proxy && applies(proxy, ctx)) return proxy.instance.proxy(ctx)
  if (!route) return toResponse(routeNotFound)
  return route.upstream ? route.upstream.forward(ctx) : toResponse(noUpstream)
}

function lacksBody({ chain, bodyVariables }: Context): boolean {
  return chain.readsBody && bodyVariables !== 'read'
}

/** Shows a complete answer of an LLM to the plugins that check answers; the first reply takes its place. */
async function inspect(ctx: Context, response: GatewayResponse): Promise<GatewayResponse> {
  const { answer } = response
  for (const step of ctx.chain.llmResponse) {
    if (!answer || !applies(step, ctx)) continue
    const reply = await step.instance.llmResponse?.(ctx, answer)
    if (reply) return toResponse(reply, step.errorResponse)
  }
  return response
}

function respond(ctx: Context, response: GatewayResponse, services: Services): void {
  if (ctx.clientGone) {
    if (isByteStream(response.body)) response.body.abort(new ClientGoneError('the client left'))
    response.upgraded?.destroy()
    conclude(ctx, response, 'client_gone', 0, services)
    return
  }
  response.headers.push('Server', services.serverHeader)
  ctx.response = response
  for (const step of ctx.chain.headerFilter) {
    try {
      if (applies(step, ctx)) step.instance.headerFilter?.(ctx, response)
    } catch (error) {
      pluginFailed(ctx, step, error)
    }
  }
  const { attempts } = ctx.upstream
  const last = attempts.at(-1)
  if (last && (services.showUpstreamStatus || last.status >= 500)) {
    const statuses = attempts.map((attempt) => attempt.status).join(', ')
    response.headers.push('X-APISIX-Upstream-Status', statuses)
  }
  if (services.exposeTimings && ctx.llm) addTimings(ctx, response, ctx.llm)
  new ResponseWriter(ctx, response, services, conclude).send(stagesFor(ctx, response), services.draining())
}

/**
 * A stage that cannot be made fails the whole response: it may be the one that protects the client. A complete answer
 * of an LLM has been shown to the plugins already, also where it is so long that it is sent in pieces.
 */
function stagesFor(ctx: Context, response: GatewayResponse): readonly Stage[] {
  const { stage, tap } = ctx.chain
  if (stage.length + tap.length === 0 || response.answer || !isByteStream(response.body)) return noStages
  const stages: Stage[] = []
  for (const step of stage) {
    const made = applies(step, ctx) ? step.instance.stage?.(ctx, response) : undefined
    if (made) stages.push(made)
  }
  for (const step of tap) {
    const made = applies(step, ctx) ? step.instance.tap?.(ctx, response) : undefined
    if (made) stages.push(made)
  }
  if (stages.length > 0) dropHeader(response.headers, 'content-length')
  return stages
}

/** The log phase. It runs after the last byte was handed over and cannot delay it. */
function conclude(
  ctx: Context,
  response: GatewayResponse,
  outcome: Outcome,
  bodyBytes: number,
  services: Services,
): void {
  ctx.llm?.finish()
  ctx.bodyBytesSent = bodyBytes
  const summary: RequestSummary = {
    status: outcome === 'client_gone' && !ctx.reply.headersSent ? CLIENT_CLOSED_REQUEST : response.status,
    source: response.source,
    requestBytes: ctx.request.bodyBytes,
    responseBytes: bodyBytes,
    durationMs: performance.now() - ctx.startedAt,
    upstreamMs: upstreamMs(ctx),
    outcome,
  }
  if (summary.status !== response.status) ctx.reply.statusCode = summary.status
  for (const step of ctx.chain.log) {
    try {
      if (applies(step, ctx)) step.instance.log?.(ctx, summary)
    } catch (error) {
      pluginFailed(ctx, step, error)
    }
  }
  services.record(ctx, summary)
  if (ctx.upstream.hasTakenRequest) ctx.request.giveMemoryBack()
}

function failed(ctx: Context, error: unknown): GatewayResponse {
  if (!(error instanceof ClientGoneError) && !(error instanceof GatewayError)) {
    ctx.log.error('a request failed', {
      route: ctx.route.id,
      reason: where(error),
    })
  }
  return failureResponse(error, ctx.upstream.attempts.length > 0 ? 'nginx' : 'apisix')
}

/** A plugin that throws where it cannot refuse any more is reported and passed over. */
function pluginFailed(ctx: Context, step: Step, error: unknown): void {
  ctx.log.error('a plugin failed', { plugin: step.name, route: ctx.route.id, reason: where(error) })
}

/** Kind and place of a failure. Not its message: a parser's quotes what it was parsing, which may be a prompt. */
function where(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return [error.name, ...frames.slice(0, STACK_FRAMES_MAX)].join('')
}

function upstreamMs(ctx: Context): number | undefined {
  const { attempts } = ctx.upstream
  return attempts.length === 0
    ? undefined
    : attempts.reduce((sum, attempt) => sum + (attempt.responseMs ?? 0), 0)
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
