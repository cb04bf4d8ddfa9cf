// The access phase of ai-proxy and ai-proxy-multi: is this a request to an LLM, in which protocol, and whom to ask?
import {
  type ClientProtocol,
  detectProtocol,
  JsonCollector,
  type JsonObject,
  type LongJson,
  modelAsked,
  wholeJsonBytesMax,
} from '@weir/llm'
import {
  type Awaitable,
  type JsonBody,
  knownJsonBody,
  type Reply,
  type RequestContext,
} from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'
import type { RouteState } from '../route/route-state.ts'
import { estimateTokens, tellModels } from './local-answers.ts'
import { allTried, emptyBody, noProtocol, notJson, tooLarge, unsupportedContentType } from './replies.ts'
import { RequestExchange } from './request-exchange.ts'

/** The checks in the order and words of contract/ai-plugins.md §2. */
export function openExchange(ctx: RequestContext, route: RouteState): Awaitable<Reply | undefined> {
  // ai-proxy-multi and ai-proxy on one route: the first one serves.
  if (ctx.llm) return undefined
  if (ctx.request.method === 'GET') {
    const asked = modelAsked(ctx.request.path)
    if (asked !== undefined) return tellModels(route, asked)
  }
  const contentType = ctx.request.header('content-type')
  if (contentType !== undefined && !contentType.startsWith('application/json')) {
    return unsupportedContentType(contentType)
  }
  const prepared = route.prepare()
  const known = knownJsonBody(ctx)
  if (known)
    return prepared ? prepared.then(() => openKnown(ctx, route, known)) : openKnown(ctx, route, known)
  // Long bodies are never handled in one go. One of a length not announced may be long.
  if (!(Number(ctx.request.header('content-length')) <= wholeJsonBytesMax))
    return openInPieces(ctx, route, prepared)
  const body = ctx.request.readBody(route.maxRequestBytes)
  if (prepared || body instanceof Promise) return openLater(ctx, route, prepared, body)
  return open(ctx, route, body)
}

async function openLater(
  ctx: RequestContext,
  route: RouteState,
  prepared: void | Promise<void>,
  body: Awaitable<Buffer | number>,
): Promise<Reply | undefined> {
  const bytes = await body
  if (prepared) await prepared
  return open(ctx, route, bytes)
}

/** A plugin before has read it. */
function openKnown(
  ctx: RequestContext,
  route: RouteState,
  { raw, value }: JsonBody,
): Awaitable<Reply | undefined> {
  const { maxRequestBytes } = route
  return raw.length > maxRequestBytes
    ? tooLarge(raw.length, maxRequestBytes)
    : openBody(ctx, route, value, raw)
}

async function openInPieces(
  ctx: RequestContext,
  route: RouteState,
  prepared: void | Promise<void>,
): Promise<Reply | undefined> {
  const json = new JsonCollector()
  const size = await ctx.request.readPieces(route.maxRequestBytes, json)
  if (prepared) await prepared
  if (size > route.maxRequestBytes) return tooLarge(size, route.maxRequestBytes)
  return json.long ? openLong(ctx, route, json.long) : open(ctx, route, json.bytes())
}

function openLong(ctx: RequestContext, route: RouteState, raw: LongJson): Awaitable<Reply | undefined> {
  const complaint = raw.complaint()
  return complaint === '' ? openBody(ctx, route, raw.outline, raw) : notJson(complaint)
}

function open(ctx: RequestContext, route: RouteState, raw: Buffer | number): Awaitable<Reply | undefined> {
  if (typeof raw === 'number') return tooLarge(raw, route.maxRequestBytes)
  if (raw.length === 0) return emptyBody
  let body: unknown
  try {
    body = JSON.parse(raw.toString())
  } catch (error) {
    return notJson(error instanceof Error ? error.message : 'invalid')
  }
  return openBody(ctx, route, body, raw)
}

/** `body` is the outline when `raw` is long. */
function openBody(
  ctx: RequestContext,
  route: RouteState,
  body: unknown,
  raw: Buffer | LongJson,
): Awaitable<Reply | undefined> {
  const protocol = detectProtocol(ctx.request.path, body)
  if (!protocol || !isTable(body)) return noProtocol
  const picked = route.semantic?.pick(ctx, protocol, body, raw)
  if (picked) return picked.then((instance) => begin(ctx, route, protocol, body, raw, instance))
  return begin(ctx, route, protocol, body, raw, route.pick(ctx, noneTried))
}

function begin(
  ctx: RequestContext,
  route: RouteState,
  protocol: ClientProtocol,
  body: JsonObject,
  raw: Buffer | LongJson,
  instance: Instance | undefined,
): Reply | undefined {
  if (!instance) return allTried
  if (protocol.name === 'anthropic-count-tokens' && !instance.plans.has(protocol.name))
    return estimateTokens(route, instance, protocol, body, raw)
  ctx.llm = new RequestExchange(ctx, route, protocol, body, raw, instance)
  return undefined
}

const noneTried: readonly number[] = []

/** Detection admits no other values. */
function isTable(body: unknown): body is JsonObject {
  return typeof body === 'object' && body !== null
}
