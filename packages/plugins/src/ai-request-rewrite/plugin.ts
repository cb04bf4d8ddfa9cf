// Has an LLM rewrite the body of each request before it goes on (contract/ai-plugins.md §12.4).
import { isJsonObject } from '@weir/contract'
import { openaiChat } from '@weir/llm'
import { definePlugin, type Reply, replaceJsonBody, type RequestContext } from '@weir/plugin-api'
import { asksForModels } from '../prompts/model-list.ts'
import { JsonTextWriter } from './json-text.ts'
import { callComplaint, createLlmCall } from './llm-call.ts'
import { type Config, schema } from './schema.ts'

const name = 'ai-request-rewrite'
const answerBytesMax = 16 * 1024 * 1024
const idleMs = 60_000

const noBody: Reply = { status: 400, body: { error_msg: 'the request has no body to be rewritten' } }
const failed: Reply = { status: 500, body: { error_msg: 'the request could not be rewritten' } }

export const aiRequestRewrite = definePlugin<Config>({
  name,
  priority: 1073,
  schema,
  check: callComplaint,
  create(config, host) {
    const llm = createLlmCall(config)
    const keepAlive = config.keepalive ? { connections: config.keepalive_pool, idleMs } : undefined

    async function rewritten(ctx: RequestContext, text: readonly Buffer[]): Promise<string> {
      const { status, body } = await host.http.call({
        url: llm.url,
        method: 'POST',
        headers: llm.headers,
        body: Buffer.concat([llm.head, ...text, llm.tail]),
        timeoutMs: config.timeout,
        maxResponseBytes: answerBytesMax,
        verifyCertificate: config.ssl_verify,
        keepAlive,
        signal: ctx.signal,
      })
      if (status !== 200) throw new LlmProblem(`status ${status}`)
      const answer = textOf(body)
      if (answer === '') throw new LlmProblem('no text in the answer')
      return answer
    }

    return {
      async access(ctx) {
        if (asksForModels(ctx.request)) return undefined
        const text = new JsonTextWriter()
        const size = await ctx.request.readPieces(config.max_req_body_size, text)
        if (size === 0 || size > config.max_req_body_size) return noBody
        try {
          replaceJsonBody(ctx, await rewritten(ctx, text.end()))
          return undefined
        } catch (error) {
          if (!ctx.signal.aborted) {
            const reason = error instanceof Error ? error.message : 'unknown'
            ctx.log.error('a request could not be rewritten', { plugin: name, route: ctx.route.id, reason })
          }
          return failed
        }
      },
    }
  },
})

/** Its message goes to the log: it quotes nothing. */
class LlmProblem extends Error {
  override readonly name = 'LlmProblem'
}

function textOf(body: Buffer): string {
  try {
    const answer: unknown = JSON.parse(body.toString())
    return isJsonObject(answer) ? openaiChat.answerText(answer) : ''
  } catch {
    throw new LlmProblem('the answer is not JSON')
  }
}
