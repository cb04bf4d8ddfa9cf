// The verdicts of the fake moderation service: `kill` is of high risk, `meh` of medium, anything else of none.
import { asObject, parseJson } from '../json.ts'

export type RiskLevel = 'none' | 'medium' | 'high'

export function riskOf(content: string): RiskLevel {
  if (content.includes('kill')) return 'high'
  return content.includes('meh') ? 'medium' : 'none'
}

/** The document of TextModerationPlus, as far as a gateway reads it. */
export function moderationAnswer(content: string) {
  const risk = riskOf(content)
  const advice =
    risk === 'none' ? {} : { Advice: [{ Answer: 'As an AI I cannot do that.', HitLabel: 'violence' }] }
  const result = risk === 'none' ? [{ Label: 'nonLabel' }] : [{ Label: 'violent_incidents', Confidence: 99 }]
  return {
    Code: 200,
    Message: 'OK',
    RequestId: '00000000-0000-4000-8000-000000000000',
    Data: { RiskLevel: risk, Result: result, ...advice },
  }
}

/** The text to be judged: ServiceParameters is JSON in a form field. Undefined when it is not as it should be. */
export function moderatedText(form: URLSearchParams): { content: string; sessionId: string } | undefined {
  const { content, sessionId } = asObject(parseJson(form.get('ServiceParameters') ?? ''))
  if (typeof content !== 'string' || typeof sessionId !== 'string') return undefined
  return { content, sessionId }
}
