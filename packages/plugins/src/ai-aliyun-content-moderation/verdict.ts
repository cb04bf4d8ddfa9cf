// What the moderation service says of a text.
import type { JsonObject } from '@weir/llm'
import type { Config } from './schema.ts'

/** From harmless to worst. Levels that are not listed never deny. */
const levels: readonly string[] = ['none', 'low', 'medium', 'high', 'max']

export interface Verdict {
  readonly level: string
  /** What the service suggests to answer instead. */
  readonly advice: string | undefined
}

/** Undefined when the reply names no level. */
export function readVerdict(reply: unknown): Verdict | undefined {
  if (!isObject(reply) || !isObject(reply['Data'])) return undefined
  const { RiskLevel, Advice } = reply['Data']
  if (typeof RiskLevel !== 'string') return undefined
  const first: unknown = Array.isArray(Advice) ? Advice[0] : undefined
  const advice = isObject(first) && typeof first['Answer'] === 'string' ? first['Answer'] : undefined
  return { level: RiskLevel, advice }
}

export function isDenied({ level }: Verdict, bar: Config['risk_level_bar']): boolean {
  return levels.indexOf(level) >= levels.indexOf(bar)
}

export function worse(one: Verdict | undefined, other: Verdict): Verdict {
  return one && levels.indexOf(one.level) >= levels.indexOf(other.level) ? one : other
}

export function denyText({ advice }: Verdict, config: Config): string {
  return config.deny_message ?? advice ?? 'Your request violate our content policy.'
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
