// What callers get instead of what was denied: an answer of their own protocol (ai-plugins.md §2.2).
import type { LlmExchange, Reply } from '@weir/plugin-api'
import type { Config } from './schema.ts'
import { denyText, type Verdict } from './verdict.ts'

export function denialOf(llm: LlmExchange, verdict: Verdict, config: Config): Reply {
  const { stream, protocol, requestModel } = llm
  const text = denyText(verdict, config)
  const usage = llm.usage?.raw
  return {
    status: config.deny_code,
    headers: { 'Content-Type': stream ? 'text/event-stream' : 'application/json' },
    body: stream
      ? protocol.denyStream(text, requestModel, usage)
      : protocol.denyBody(text, requestModel, usage),
  }
}
