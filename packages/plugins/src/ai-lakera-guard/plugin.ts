// Has prompts and answers of LLMs judged by Lakera Guard (ai-plugins.md §14.3).
import { isReference } from '@weir/contract'
import { definePlugin } from '@weir/plugin-api'
import { errorStatusMin, replyTo } from '../moderation/checks.ts'
import { FinalPacketCheck } from '../moderation/final-packet.ts'
import { HeldStream } from '../moderation/held-stream.ts'
import { framingOf, toStage } from '../moderation/judged-stream.ts'
import { passed } from '../moderation/moderator.ts'
import { isReadable } from '../moderation/readable.ts'
import { letStreamPass, noEvents, noInstance, noObject, noText, unchecked } from '../moderation/unchecked.ts'
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
    isReference(url) || URL.canParse(url) ? undefined : 'lakera_endpoint is not an http or https URL',
  create(config, host) {
    const guard = createGuard(config, host)
    const checksRequests = config.direction !== 'output'
    const checksAnswers = config.direction !== 'input'
    // What is only to be told of need not wait, unless a service that fails has to be heard.
    const isHeld = config.action === 'block' || !config.fail_open

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
        const { hasText, name } = llm.protocol
        if (!hasText) return unchecked(ctx, pluginName, config.fail_mode, noText(name))
        const text = await answer.readText()
        if (text === '' && !isReadable(answer)) return unchecked(ctx, pluginName, config.fail_mode, noObject)
        return replyTo(await guard.check(ctx, 'response', text), llm, config.deny_code)
      },

      stage(ctx, response) {
        const { llm } = ctx
        if (!llm || !checksAnswers || response.status >= errorStatusMin) return undefined
        const framing = framingOf(response)
        if (!framing) {
          letStreamPass(ctx, pluginName, config.fail_mode, noEvents)
          return undefined
        }
        const stream = { ctx, llm, moderator: guard, isFramed: framing === 'frames' }
        if (!isHeld) return toStage(new FinalPacketCheck(stream), stream)
        // An answer may hold no text, only calls of tools; where texts are unknown, nobody can tell.
        const silence = llm.protocol.hasText ? passed : guard.withoutVerdict('stream')
        return toStage(new HeldStream(stream, { portion: undefined, marks: false, silence }), stream)
      },
    }
  },
})
