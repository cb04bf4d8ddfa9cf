// Asks Comprehend, as many texts at once as it takes (ai-plugins.md §14.2).
import type { PluginHost, RequestContext } from '@weir/plugin-api'
import { type Moderator, type Outcome, passed, type Subject, unavailable } from '../moderation/moderator.ts'
import { reasonOf, reportFailure } from '../moderation/report.ts'
import type { Comprehend } from './comprehend.ts'
import { pluginName } from './plugin-name.ts'
import type { Config } from './schema.ts'
import { callsFor } from './segments.ts'
import { exceeded, type Toxicity } from './toxicity.ts'

export function createModerator(
  config: Config,
  endpoint: string,
  comprehend: Comprehend,
  host: PluginHost,
): Moderator {
  /** APISIX's: prompts and complete answers fail with the service, streams do not. */
  function withoutVerdict(ctx: RequestContext, subject: Subject, reason: string): Outcome {
    reportFailure(host, pluginName, ctx, subject, reason)
    const policy = config.weir?.on_service_error ?? (subject === 'stream' ? 'pass' : 'block')
    if (policy === 'pass') return passed
    return subject === 'stream' ? unavailable : { is: 'refused', reply: { status: 500, body: reason } }
  }

  return {
    levelOfSilence: 'none',

    async check(ctx, subject, text) {
      const isRequest = subject === 'request'
      if (text.trim() === '') {
        if (!isRequest) noteLevel(ctx, 'none')
        return passed
      }
      const limit = isRequest ? config.request_check_length_limit : config.response_check_length_limit
      for (const segments of callsFor(text, limit)) {
        let results: readonly Toxicity[]
        try {
          results = await comprehend.detectToxicContent(segments)
        } catch (error) {
          return withoutVerdict(ctx, subject, `failed to send request to ${endpoint}: ${reasonOf(error)}`)
        }
        const what = exceeded(results, config)
        if (what !== undefined) return denied(ctx, isRequest ? 'request' : 'response', what)
        if (results.length < segments.length)
          return withoutVerdict(ctx, subject, 'failed to get moderation results from response')
        // A client that left wants no verdict.
        if (ctx.signal.aborted) return passed
      }
      noteLevel(ctx, 'none')
      return { is: 'passed', level: 'none' }
    },
  }

  function denied(ctx: RequestContext, side: string, what: string): Outcome {
    noteLevel(ctx, 'high')
    const text = config.deny_message ?? `${side} body exceeds ${what} threshold`
    return { is: 'denied', text, level: 'high' }
  }
}

function noteLevel({ llm }: RequestContext, level: string): void {
  if (llm) llm.riskLevel = level
}
