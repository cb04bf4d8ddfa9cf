// Asks Lakera Guard (ai-plugins.md §14.3).
import type { PluginHost, RequestContext } from '@weir/plugin-api'
import { type Moderator, type Outcome, passed, type Subject } from '../moderation/moderator.ts'
import { reasonOf, reportFailure } from '../moderation/report.ts'
import { pluginName } from './plugin-name.ts'
import type { Config } from './schema.ts'
import { readVerdict, type Verdict } from './verdict.ts'

export interface GuardMessage {
  readonly role: string
  readonly content: string
}

export interface Guard extends Moderator {
  checkMessages(ctx: RequestContext, subject: Subject, messages: readonly GuardMessage[]): Promise<Outcome>
  /** What becomes of content that nobody judged: `fail_open` decides. */
  withoutVerdict(subject: Subject): Outcome
}

const replyBytesMax = 1024 * 1024
const keepAlive = { connections: 30, idleMs: 60_000 }

export function createGuard(config: Config, host: PluginHost): Guard {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${config.api_key}` }

  async function ask(ctx: RequestContext, messages: readonly GuardMessage[]): Promise<Verdict> {
    const { status, body } = await host.http.call({
      url: config.lakera_endpoint,
      method: 'POST',
      headers,
      body: JSON.stringify({
        messages,
        breakdown: true,
        ...(config.project_id !== undefined && { project_id: config.project_id }),
      }),
      timeoutMs: config.timeout,
      maxResponseBytes: replyBytesMax,
      verifyCertificate: config.ssl_verify,
      keepAlive,
      signal: ctx.signal,
    })
    if (status !== 200) throw new Error(`status ${status}`)
    const verdict = readVerdict(body)
    if (!verdict) throw new Error('the reply says nothing of flagged')
    return verdict
  }

  function denied(subject: Subject, categories: readonly string[]): Outcome {
    const isRequest = subject === 'request'
    const message = isRequest ? config.request_failure_message : config.response_failure_message
    const isRevealed = config.reveal_failure_categories && categories.length > 0
    const text = isRevealed ? `${message}. Flagged categories: ${categories.join(', ')}` : message
    return { is: 'denied', text }
  }

  async function checkMessages(
    ctx: RequestContext,
    subject: Subject,
    messages: readonly GuardMessage[],
  ): Promise<Outcome> {
    let verdict: Verdict
    try {
      verdict = await ask(ctx, messages)
    } catch (error) {
      // A client that left wants no verdict.
      if (!ctx.signal.aborted) reportFailure(host, pluginName, ctx, subject, reasonOf(error))
      return withoutVerdict(subject)
    }
    if (!verdict.flagged) return passed
    const side = subject === 'request' ? 'request' : 'response'
    ctx.log.warn(`${pluginName}: a ${side} was flagged`, {
      route: ctx.route.id,
      categories: verdict.categories.join(', '),
      action: config.action,
    })
    return config.action === 'block' ? denied(subject, verdict.categories) : passed
  }

  function withoutVerdict(subject: Subject): Outcome {
    return config.fail_open ? passed : denied(subject, [])
  }

  return {
    checkMessages,
    withoutVerdict,
    async check(ctx, subject, text) {
      if (text.trim() === '') return passed
      return checkMessages(ctx, subject, [{ role: 'assistant', content: text }])
    },
  }
}
