// The request as one instance gets it: converted where it must be, shaped, under the instance's headers.
import type { AddressSet } from '@weir/contract'
import { type ClientProtocol, type ConvertedRequest } from '@weir/llm'
import type { RequestContext } from '@weir/plugin-api'
import type { CallPlan } from '../instance/call-plan.ts'
import type { Instance } from '../instance/instance.ts'
import type { Outgoing } from './attempt-types.ts'
import { conversionRefusal } from './converted.ts'
import { type Failure, noPath } from './failure.ts'
import { requestHeaders } from './request-headers.ts'

export interface PreparedRequest {
  readonly method: string
  /** With query. */
  readonly path: string
  /** A flat list. */
  readonly headers: string[]
  readonly body: Buffer | readonly Buffer[]
  /** What the instance is spoken to. */
  readonly target: ClientProtocol
  /** Undefined when the client speaks that too. */
  readonly converted: ConvertedRequest | undefined
  /** Facts of the body as it goes out, when it was shaped (contract/ai-plugins.md §6 step 9). */
  readonly toolCount: number
  readonly endUser: string
}

/** `host` is the Host header where the connection's own name would be wrong. */
export function prepareRequest(
  ctx: RequestContext,
  instance: Instance,
  plan: CallPlan,
  outgoing: Outgoing,
  host: string | undefined,
  trusted: AddressSet | undefined,
): PreparedRequest | Failure {
  const { exchange, completionMax } = outgoing
  let converted: ConvertedRequest | undefined
  if (plan.conversion) {
    try {
      converted = plan.conversion.request(exchange.body, { model: exchange.model })
    } catch (error) {
      return conversionRefusal(error)
    }
  }
  const path = plan.path(ctx, exchange.model, exchange.stream)
  if (path === undefined) return noPath
  const body = converted?.body ?? outgoing.body
  const { bytes, edits } = plan.shaper.shape(body, converted ? undefined : outgoing.raw, completionMax)
  const headers = requestHeaders(ctx, instance, host, trusted)
  const tools = edits && ('tools' in edits ? edits['tools'] : body['tools'])
  return {
    method: plan.method(ctx),
    path,
    headers: plan.conversion?.headers?.(headers) ?? headers,
    body: bytes,
    target: plan.target,
    converted,
    toolCount: Array.isArray(tools) ? tools.length : 0,
    endUser: edits ? plan.target.endUser({ ...body, ...edits }) : '',
  }
}
