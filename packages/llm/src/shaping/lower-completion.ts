// Keeps answers within what a quota allows: the request's own bound is lowered, or one is set.
import { isJsonObject } from '@weir/contract'
import type { BodyEdits } from '../protocols/protocol.ts'

const boundMembers = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

/**
 * The members to set so that each answer has at most `max` tokens, whichever of the names the provider reads: every
 * bound that is there is lowered, and when there is none `usual` is set. Undefined when nothing has to change.
 */
export function lowerCompletion(
  member: (key: string) => unknown,
  max: number,
  usual: string | undefined,
): BodyEdits | undefined {
  const edits: Record<string, unknown> = {}
  let isBounded = false
  for (const key of boundMembers) {
    const bound = member(key)
    if (bound === undefined || bound === null) continue
    isBounded = true
    if (!isWithin(bound, max)) edits[key] = max
  }
  const inference = member('inferenceConfig')
  if (isJsonObject(inference) && inference['maxTokens'] !== undefined) {
    isBounded = true
    if (!isWithin(inference['maxTokens'], max)) edits['inferenceConfig'] = { ...inference, maxTokens: max }
  }
  if (!isBounded && usual !== undefined) edits[usual] = max
  return Object.keys(edits).length > 0 ? edits : undefined
}

function isWithin(bound: unknown, max: number): boolean {
  return typeof bound === 'number' && bound > 0 && bound <= max
}
