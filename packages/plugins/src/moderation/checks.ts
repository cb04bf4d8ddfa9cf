// Prompts and answers are judged by the same rules whichever service is asked (ai-plugins.md §14).
import { timerMsMax } from '@weir/contract'
import type { LlmExchange, PluginInstance, Reply } from '@weir/plugin-api'
import { denialOf } from './denial.ts'
import { FinalPacketCheck } from './final-packet.ts'
import { HeldStream } from './held-stream.ts'
import { type EventStage, framingOf, type JudgedStream, toStage } from './judged-stream.ts'
import { type Moderator, type Outcome, passed } from './moderator.ts'
import { isReadable } from './readable.ts'
import { RealtimeCheck } from './realtime.ts'
import type { CheckConfig } from './schema.ts'
import { letStreamPass, noEvents, noInstance, noObject, noText, unchecked } from './unchecked.ts'

/** Answers from this status on are no content. */
export const errorStatusMin = 400

export function createChecks(plugin: string, config: CheckConfig, moderator: Moderator): PluginInstance {
  const portion = {
    bytes: config.stream_check_cache_size,
    milliseconds: Math.min(config.stream_check_interval * 1000, timerMsMax),
  }
  const isRealtime = config.stream_check_mode === 'realtime'

  function checkOf(stream: JudgedStream): EventStage {
    if (config.stream_hold_back) {
      const rules = { portion: isRealtime ? portion : undefined, marks: !isRealtime, silence: passed }
      return new HeldStream(stream, rules)
    }
    return isRealtime ? new RealtimeCheck(stream, portion) : new FinalPacketCheck(stream)
  }

  return {
    // The content type and the body were checked by ai-proxy or ai-proxy-multi, or there would be no exchange.
    async access(ctx) {
      const { llm } = ctx
      if (!llm) return unchecked(ctx, plugin, config.fail_mode, noInstance(plugin))
      if (!config.check_request) return undefined
      const { hasText, name } = llm.protocol
      if (!hasText) return unchecked(ctx, plugin, config.fail_mode, noText(name))
      const texts = await llm.turnTexts(config.request_check_mode, config.request_check_roles)
      return replyTo(await moderator.check(ctx, 'request', texts.join(' ')), llm, config.deny_code)
    },

    async llmResponse(ctx, answer) {
      const { llm } = ctx
      if (!llm || !config.check_response || answer.status >= errorStatusMin) return undefined
      const { hasText, name } = llm.protocol
      if (!hasText) return unchecked(ctx, plugin, config.fail_mode, noText(name))
      const text = await answer.readText()
      if (text === '' && !isReadable(answer)) return unchecked(ctx, plugin, config.fail_mode, noObject)
      return replyTo(await moderator.check(ctx, 'response', text), llm, config.deny_code)
    },

    stage(ctx, response) {
      const { llm } = ctx
      if (!llm || !config.check_response || response.status >= errorStatusMin) return undefined
      const framing = framingOf(response)
      const { hasText, name } = llm.protocol
      if (!framing || !hasText) {
        letStreamPass(ctx, plugin, config.fail_mode, framing ? noText(name) : noEvents)
        return undefined
      }
      const stream = { ctx, llm, moderator, isFramed: framing === 'frames' }
      return toStage(checkOf(stream), stream)
    },
  }
}

export function replyTo(outcome: Outcome, llm: LlmExchange, denyStatus: number): Reply | undefined {
  switch (outcome.is) {
    case 'passed':
      return undefined
    case 'denied':
      return denialOf(llm, outcome.text, denyStatus)
    case 'refused':
      return outcome.reply
  }
}
