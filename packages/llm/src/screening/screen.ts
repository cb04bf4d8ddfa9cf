// Judges what a request says by patterns (contract/ai-plugins.md §12.3).
import { conversationOf } from '../prompts/conversation.ts'
import type { JsonObject, ProtocolName } from '../protocols/protocol.ts'
import { compilePatterns, type Pattern } from './pattern.ts'

export interface ScreeningRules {
  /** Something that one of these finds must be there; none: anything may. */
  readonly allow: readonly string[]
  /** Nothing that one of these finds may be there. */
  readonly deny: readonly string[]
  /** Not only what users say. */
  readonly allRoles: boolean
  /** Not only the last message. */
  readonly allHistory: boolean
}

export type Verdict =
  | 'passes'
  | 'not_allowed'
  | 'denied'
  /** There is nothing that the rules are about. */
  | 'nothing_said'
  /** More than these patterns can be tried on. */
  | 'too_long'

export interface Screen {
  judge(protocol: ProtocolName, body: JsonObject): Verdict
  /** A longer body may hold everybody else up for too long: `screenPieces` is for these. */
  readonly bytesAtOnceMax: number
}

/** What matching may take in one turn: bytes times the patterns' sizes; some ten milliseconds at worst. */
const workAtOnceMax = 2_000_000
/** The same for one text in a thread of its own: some twenty seconds at worst, and half a second as a rule. */
const workMax = 5_000_000_000

/** Throws SyntaxError for a pattern that cannot be compiled. */
export function createScreen({ allow, deny, allRoles, allHistory }: ScreeningRules): Screen {
  const allowed = patternOf(allow)
  const denied = patternOf(deny)
  const size = 1 + (allowed?.size ?? 0) + (denied?.size ?? 0)
  return {
    bytesAtOnceMax: Math.floor(workAtOnceMax / size),
    judge(protocol, body) {
      const conversation = conversationOf(protocol, body)
      // The items of one call to Responses are a turn, all of them.
      const turns = allHistory || protocol === 'openai-responses' ? conversation : conversation.slice(-1)
      const said = allRoles ? turns : turns.filter(({ role }) => role === 'user')
      if (said.length === 0) return 'nothing_said'
      const text = said.map(({ content }) => content).join(' ')
      if (text.length * size > workMax) return 'too_long'
      if (allowed && !allowed.test(text)) return 'not_allowed'
      return denied?.test(text) ? 'denied' : 'passes'
    },
  }
}

function patternOf(sources: readonly string[]): Pattern | undefined {
  return sources.length === 0 ? undefined : compilePatterns(sources)
}
