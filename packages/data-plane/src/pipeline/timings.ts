// What took how long, for clients: the header Server-Timing (W3C), where `weir.expose_timings` is on. Milliseconds.
import type { GatewayResponse, LlmExchange, RequestContext } from '@weir/plugin-api'

/**
 * `before`: in the gateway until the first call of an LLM service. `ttft`: from the last call to its first token, or
 * to the whole of an answer that is no stream. Of a whole answer also `upstream`, all calls together, `token`, the
 * time per output token, and `after`, in the gateway since; when a stream begins nobody knows them.
 */
export function addTimings(ctx: RequestContext, response: GatewayResponse, llm: LlmExchange): void {
  const { attempts } = ctx.upstream
  const [first] = attempts
  const last = attempts.at(-1)
  if (!first || !last) return
  const timings = [
    duration('before', first.startedAt - ctx.startedAt),
    duration('ttft', llm.timeToFirstTokenMs),
  ]
  if (last.responseMs !== undefined) {
    const upstreamMs = attempts.reduce((sum, { responseMs = 0 }) => sum + responseMs, 0)
    const tokens = llm.usage?.completionTokens ?? 0
    timings.push(duration('upstream', upstreamMs))
    if (tokens > 0) timings.push(duration('token', last.responseMs / tokens))
    timings.push(duration('after', performance.now() - last.startedAt - last.responseMs))
  }
  response.headers.push('Server-Timing', timings.join(', '))
}

function duration(name: string, ms: number): string {
  return `${name};dur=${ms.toFixed(2)}`
}
