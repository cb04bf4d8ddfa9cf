// What Lakera Guard says of a conversation.
import { isJsonObject } from '@weir/contract'

export interface Verdict {
  readonly flagged: boolean
  /** `detector_type (result)` of each detector that found something. */
  readonly categories: readonly string[]
}

/** Undefined when the reply is not JSON or says nothing of `flagged`. */
export function readVerdict(body: Buffer): Verdict | undefined {
  const reply = parse(body.toString())
  if (!isJsonObject(reply) || typeof reply['flagged'] !== 'boolean') return undefined
  const breakdown: readonly unknown[] = Array.isArray(reply['breakdown']) ? reply['breakdown'] : []
  return { flagged: reply['flagged'], categories: breakdown.flatMap(categoryOf) }
}

function categoryOf(entry: unknown): readonly string[] {
  if (!isJsonObject(entry) || entry['detected'] !== true) return []
  const { detector_type: type, result } = entry
  if (typeof type !== 'string') return []
  return [typeof result === 'string' ? `${type} (${result})` : type]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
