// Asks the moderation service. Whatever goes wrong there is reported and, unless configured otherwise, lets the content
// pass: that is the contract (ai-plugins.md §14.1); the metric shows how often it happens.
import { randomUUID } from 'node:crypto'
import { defineStateKey, type PluginHost, type RequestContext } from '@weir/plugin-api'
import { type Moderator, passed, unavailable } from '../moderation/moderator.ts'
import { reasonOf, reportFailure } from '../moderation/report.ts'
import { piecesOf } from './pieces.ts'
import { pluginName } from './plugin-name.ts'
import { signedForm } from './rpc-signature.ts'
import type { Config } from './schema.ts'
import { denyText, isDenied, readVerdict, type Verdict, worse } from './verdict.ts'

const replyBytesMax = 1024 * 1024

/** One session for all checks of a gateway request. */
const sessionId = defineStateKey<string>('aliyun-moderation-session')

export function createModerator(config: Config, host: PluginHost): Moderator {
  const url = `${endpointOf(config.endpoint)?.origin ?? ''}/`
  const keepAlive = config.keepalive
    ? { connections: config.keepalive_pool, idleMs: config.keepalive_timeout }
    : undefined

  async function ask(ctx: RequestContext, service: string, content: string): Promise<Verdict> {
    const { status, body } = await host.http.call({
      url,
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: signedForm(parametersOf(ctx, service, content), config.access_key_secret),
      timeoutMs: config.timeout,
      maxResponseBytes: replyBytesMax,
      verifyCertificate: config.ssl_verify,
      keepAlive,
      signal: ctx.signal,
    })
    if (status !== 200) throw new ServiceProblem(`status ${status}`)
    const verdict = readVerdict(parseReply(body))
    if (!verdict) throw new ServiceProblem('no risk level in the reply')
    return verdict
  }

  function parametersOf(ctx: RequestContext, service: string, content: string) {
    let session = ctx.state.get(sessionId)
    if (session === undefined) {
      session = randomUUID()
      ctx.state.set(sessionId, session)
    }
    return {
      AccessKeyId: config.access_key_id,
      Action: 'TextModerationPlus',
      Format: 'JSON',
      RegionId: config.region_id,
      Service: service,
      ServiceParameters: JSON.stringify({ sessionId: session, content }),
      SignatureMethod: 'HMAC-SHA1',
      SignatureNonce: randomUUID(),
      SignatureVersion: '1.0',
      Timestamp: `${new Date(host.now()).toISOString().slice(0, 19)}Z`,
      Version: '2022-03-02',
    }
  }

  return {
    async check(ctx, subject, text) {
      if (text.trim() === '') return passed
      const isRequest = subject === 'request'
      const service = isRequest ? config.request_check_service : config.response_check_service
      const limit = isRequest ? config.request_check_length_limit : config.response_check_length_limit
      let worst: Verdict | undefined
      let isUnjudged = false
      for (const piece of piecesOf(text, limit)) {
        try {
          // In order, as the first hit spares the calls for the rest.
          const verdict = await ask(ctx, service, piece)
          worst = worse(worst, verdict)
          if (isDenied(verdict, config.risk_level_bar)) {
            noteLevel(ctx, verdict)
            return { is: 'denied', text: denyText(verdict, config), level: verdict.level }
          }
        } catch (error) {
          isUnjudged = true
          // A client that left wants no verdict.
          if (ctx.signal.aborted) break
          reportFailure(host, pluginName, ctx, subject, reasonOf(error))
        }
      }
      if (worst) noteLevel(ctx, worst)
      if (isUnjudged && config.weir?.on_service_error === 'block') return unavailable
      return { is: 'passed', level: worst?.level }
    },
  }
}

function noteLevel({ llm }: RequestContext, { level }: Verdict): void {
  if (llm) llm.riskLevel = level
}

/** `https://` may be left out. */
export function endpointOf(endpoint: string): URL | undefined {
  const url = URL.parse(endpoint.includes('://') ? endpoint : `https://${endpoint}`)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined
}

/** Its message goes to the log: it quotes nothing. */
class ServiceProblem extends Error {
  override readonly name = 'ServiceProblem'
}

function parseReply(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new ServiceProblem('the reply is not JSON')
  }
}
