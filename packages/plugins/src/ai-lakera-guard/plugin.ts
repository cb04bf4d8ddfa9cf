// Has prompts and answers of LLMs judged by Lakera Guard (ai-plugins.md §14.3).
import { definePlugin } from '@weir/plugin-api'
import { errorStatusMin, replyTo } from '../moderation/checks.ts'
import { FinalPacketCheck } from '../moderation/final-packet.ts'
import { HeldStream } from '../moderation/held-stream.ts'
import { framingOf, toStage } from '../moderation/judged-stream.ts'
import { noInstance, noText, unchecked } from '../moderation/unchecked.ts'
import { messagesOf } from './conversation.ts'
import { createGuard } from './guard.ts'
import { pluginName } from './plugin-name.ts'
import { type Config, schema } from './schema.ts'

export const aiLakeraGuard = definePlugin<Config>({
  name: pluginName,
  priority: 1028,
  schema,
  encryptFields: ['api_key'],
  // A service that can never be called would refuse everything, or nothing.
  check: ({ lakera_endpoint: url }) =>
    URL.canParse(url) ? undefined : 'lakera_endpoint is not an http or https URL',
  create(config, host) {
    const guard = createGuard(config, host)
    const checksRequests = config.direction !== 'output'
    const checksAnswers = config.direction !== 'input'
    const rules = { portion: undefined, marks: false, silence: guard.withoutVerdict('stream') }

    return {
      async access(ctx) {
        const { llm } = ctx
        if (!llm) return unchecked(ctx, pluginName, config.fail_mode, noInstance(pluginName))
        if (!checksRequests) return undefined
        const { hasText, name } = llm.protocol
        if (!hasText) return unchecked(ctx, pluginName, config.fail_mode, noText(name))
        const messages = await messagesOf(llm)
        if (messages.length === 0) return undefined
        return replyTo(await guard.checkMessages(ctx, 'request', messages), llm, config.deny_code)
      },

      async llmResponse(ctx, answer) {
        const { llm } = ctx
        if (!llm || !checksAnswers || answer.status >= errorStatusMin) return undefined
        const outcome = await guard.check(ctx, 'response', await answer.readText())
        return replyTo(outcome, llm, config.deny_code)
      },

      stage(ctx, response) {
        const { llm } = ctx
        if (!llm || !checksAnswers || response.status >= errorStatusMin) return undefined
        const framing = framingOf(response)
        if (!framing) {
          ctx.log.warn(`${pluginName} skipped: the answer streams, but not in events`)
          return undefined
        }
        const stream = { ctx, llm, moderator: guard, isFramed: framing === 'frames' }
        const isHeld = config.action === 'block'
        return toStage(isHeld ? new HeldStream(stream, rules) : new FinalPacketCheck(stream), stream)
      },
    }
  },
})
