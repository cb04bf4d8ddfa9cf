// The answers of a quota plugin that does not let a request pass.
import type { AccountState } from '@weir/counters'
import type { QuotaAsk, Reply, RequestContext } from '@weir/plugin-api'

export interface RejectionConfig {
  readonly rejected_code: number
  readonly rejected_msg?: string | undefined
}

/** Without a message the gateway names the status. `Retry-After` is whole seconds (RFC 9110 §10.2.3). */
export function rejection(config: RejectionConfig, state: AccountState): Reply {
  const { rejected_code, rejected_msg } = config
  return {
    status: rejected_code,
    body: rejected_msg === undefined ? undefined : { error_msg: rejected_msg },
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(state.resetMs / 1000))) },
  }
}

export interface DegradationConfig {
  readonly allow_degradation: boolean
}

/** The counters cannot be reached. */
export function countersAway(
  config: DegradationConfig,
  ctx: RequestContext,
  error: Error,
): Reply | undefined {
  ctx.log.error('failed to limit count', { reason: error.message })
  return config.allow_degradation ? undefined : { status: 500, body: { error_msg: 'failed to limit count' } }
}

const noAccounts: readonly QuotaAsk[] = []

/** A limit or window whose variables give no number, or rules of which none applies: no accounts, or a refusal. */
export function unresolved(
  config: DegradationConfig,
  ctx: RequestContext,
  reason: string,
): readonly QuotaAsk[] | Reply {
  ctx.log.error('failed to get rate limit rules', { reason })
  return config.allow_degradation ? noAccounts : { status: 500 }
}
