// Has prompts and answers of LLMs judged by Aliyun's text moderation (ai-plugins.md §14.1).
import { definePlugin, type GatewayResponse, type Reply, type RequestContext } from '@weir/plugin-api'
import { denialOf } from './denial.ts'
import { FinalPacketCheck } from './final-packet.ts'
import { createModerator, endpointOf } from './moderator.ts'
import { RealtimeCheck } from './realtime.ts'
import { type Config, schema } from './schema.ts'
import { isDenied } from './verdict.ts'

const name = 'ai-aliyun-content-moderation'
const errorStatusMin = 400

export const aiAliyunContentModeration = definePlugin<Config>({
  name,
  priority: 1029,
  schema,
  encryptFields: ['access_key_secret'],
  // A service that can never be called would let everything pass.
  check: ({ endpoint }) => (endpointOf(endpoint) ? undefined : 'endpoint is not an http or https URL'),
  create(config, host) {
    const moderator = createModerator(config, host)

    /** What this plugin cannot judge passes, with more or less ado, or is refused. */
    function unchecked(ctx: RequestContext, reason: string): Reply | undefined {
      if (config.fail_mode === 'error') return { status: 500, body: reason }
      if (config.fail_mode === 'warn') ctx.log.warn(`${name} skipped: ${reason}`)
      else ctx.log.info(`${name} skipped: ${reason}`)
      return undefined
    }

    return {
      // The content type and the body were checked by ai-proxy or ai-proxy-multi, or there would be no exchange.
      async access(ctx) {
        const { llm } = ctx
        if (!llm) {
          return unchecked(
            ctx,
            `no ai instance picked, ${name} plugin must be used with ai-proxy or ai-proxy-multi plugin`,
          )
        }
        if (!config.check_request) return undefined
        const { protocol } = llm
        if (!protocol.hasText) {
          return unchecked(
            ctx,
            `protocol ${protocol.name} cannot moderate the configured request_check_roles`,
          )
        }
        const texts = await llm.turnTexts(config.request_check_mode, config.request_check_roles)
        const verdict = await moderator.check(ctx, 'request', texts.join(' '))
        return verdict && isDenied(verdict, config.risk_level_bar)
          ? denialOf(llm, verdict, config)
          : undefined
      },

      async llmResponse(ctx, answer) {
        const { llm } = ctx
        if (!llm || !config.check_response || answer.status >= errorStatusMin) return undefined
        const verdict = await moderator.check(ctx, 'response', await answer.readText())
        return verdict && isDenied(verdict, config.risk_level_bar)
          ? denialOf(llm, verdict, config)
          : undefined
      },

      stage(ctx, response) {
        const { llm } = ctx
        if (!llm || !config.check_response || response.status >= errorStatusMin) return undefined
        if (!isEventStream(response)) {
          ctx.log.warn(`${name} skipped: the answer streams, but not as server-sent events`)
          return undefined
        }
        return config.stream_check_mode === 'realtime'
          ? new RealtimeCheck(ctx, llm, moderator, config)
          : new FinalPacketCheck(ctx, llm, moderator)
      },
    }
  },
})

function isEventStream({ headers }: GatewayResponse): boolean {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type')
  return at >= 0 && (headers[at + 1] ?? '').includes('text/event-stream')
}
