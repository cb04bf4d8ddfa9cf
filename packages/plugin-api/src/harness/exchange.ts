// A stand-in for the LLM exchange, for plugins that look at one without a model server behind it.
import type { ClientProtocol, UsageReport } from '@weir/llm'
import type { Awaitable } from '../plugin.ts'
import type { LlmExchange } from '../exchange.ts'
import type { Reply } from '../response.ts'

export interface TestExchangeOptions {
  readonly protocol: ClientProtocol
  readonly body: Readonly<Record<string, unknown>>
  readonly instance?: string
  readonly model?: string
  readonly usage?: UsageReport
  readonly responseText?: string
  readonly logging?: LlmExchange['logging']
  readonly admit?: () => Awaitable<Reply | undefined>
}

export function createTestExchange(options: TestExchangeOptions): LlmExchange {
  const { protocol, instance = 'instance', usage, responseText = '', admit } = options
  const requestModel = typeof options.body['model'] === 'string' ? options.body['model'] : ''
  let body = options.body
  return {
    protocol,
    get body() {
      return body
    },
    longBody: undefined,
    turnTexts: (mode, roles) => protocol.turnTexts(body, mode, roles),
    replaceBody(changed) {
      body = changed
    },
    stream: protocol.isStream(body),
    requestModel,
    model: options.model ?? requestModel,
    instance,
    instanceIdentity: instance,
    usage,
    logging: options.logging ?? { summaries: false, payloads: false },
    ledger: {
      id: '',
      consumer: '',
      route: '',
      instance,
      attempts: 0,
      source: usage?.source ?? 'none',
      reason: 'not_sent',
      accounts: [],
    },
    timeToFirstTokenMs: 0,
    upstreamMs: 0,
    toolCount: 0,
    hasToolCalls: false,
    endUser: protocol.endUser(body),
    responseText,
    collectText: () => {},
    isWhole: true,
    riskLevel: '',
    admit: admit ?? (() => undefined),
    finish: () => {},
  }
}
