// Names a request by everything that decides its answer (contract/ai-plugins.md §13).
import { createHash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonObject } from '@weir/llm'
import type { Awaitable, LlmExchange, RequestContext } from '@weir/plugin-api'
import { canonicalJson } from './canonical-json.ts'

/** Headers that change what a provider answers. */
const meaningfulHeaders = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const

/** Bytes of a long body that are hashed in one turn of the event loop. */
const turnBytesMax = 262_144

/**
 * 64 hexadecimal digits; undefined when the body is nested so deep that it cannot be compared. Long bodies are
 * compared byte by byte, others whatever the order of their members.
 */
export function fingerprintOf(ctx: RequestContext, llm: LlmExchange): Awaitable<string | undefined> {
  const { longBody } = llm
  if (longBody) return longFingerprint(contextOf(ctx, llm), longBody)
  const params = canonicalJson(withoutModel(llm.body))
  return params === undefined ? undefined : hash('sha256', `${contextOf(ctx, llm)}\n${params}`)
}

/** All but the body. Neither headers nor model names have line feeds; what may have any stands as JSON. */
export function contextOf(ctx: RequestContext, llm: LlmExchange): string {
  const { protocol, stream, model, instanceIdentity } = llm
  const { request } = ctx
  let context = `${protocol.name}\n${stream}\n${JSON.stringify(model)}\n${instanceIdentity}`
  for (const name of meaningfulHeaders) {
    const value = request.headers[name]
    if (value !== undefined) context += `\n${name}: ${String(value)}`
  }
  // Such requests say by their path what they want.
  if (protocol.name === 'passthrough') context += `\n${request.method} ${request.target}`
  return context
}

async function longFingerprint(context: string, pieces: readonly Buffer[]): Promise<string> {
  const digest = createHash('sha256').update(`${context}\nbytes\n`)
  let bytes = 0
  for (const piece of pieces) {
    if (bytes > turnBytesMax) {
      bytes = 0
      await nextTurn()
    }
    digest.update(piece)
    bytes += piece.length
  }
  return digest.digest('hex')
}

/** The model that counts is the instance's, if it has one. */
export function withoutModel({ model: _model, stream: _stream, ...params }: JsonObject): JsonObject {
  return params
}
