// The verdict in the stream itself: events say the risk of the answer that they belong to (ai-plugins.md §14.1).
import { isJsonObject } from '@weir/contract'
import { encodeSseEvent, type SseEvent } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'
import { bytesOf } from './judged-stream.ts'

/** The event's bytes, with `risk_level` where the level is known and the event holds data of the answer. */
export function markedBytes(llm: LlmExchange, event: SseEvent, level: string | undefined): Buffer | string {
  if (level === undefined || !llm.protocol.isDataEvent(event)) return bytesOf(event)
  const data = withRiskLevel(event.data, level)
  return data === undefined ? bytesOf(event) : encodeSseEvent({ ...event, data })
}

/** Undefined when the data is no JSON object. */
function withRiskLevel(data: string, level: string): string | undefined {
  try {
    const document: unknown = JSON.parse(data)
    return isJsonObject(document) ? JSON.stringify({ ...document, risk_level: level }) : undefined
  } catch {
    return undefined
  }
}
