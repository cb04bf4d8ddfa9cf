// A stream passes as it comes. When its text is complete, which the event with the usage shows, the whole is judged
// once, and what follows is marked with the verdict. Nothing is denied (ai-plugins.md §14.1).
import { encodeSseEvent, type SseEvent } from '@weir/llm'
import type { LlmExchange, RequestContext, Stage, StageOutput } from '@weir/plugin-api'
import type { Moderator } from './moderator.ts'

export class FinalPacketCheck implements Stage {
  readonly #ctx: RequestContext
  readonly #llm: LlmExchange
  readonly #moderator: Moderator
  #text = ''
  #judged = false
  #level: string | undefined

  constructor(ctx: RequestContext, llm: LlmExchange, moderator: Moderator) {
    this.#ctx = ctx
    this.#llm = llm
    this.#moderator = moderator
  }

  onEvent(event: SseEvent, out: StageOutput): void | Promise<void> {
    const facts = this.#llm.protocol.readEvent(event)
    if (facts.text !== undefined) this.#text += facts.text
    if (this.#judged || !(facts.usage || facts.done)) this.#pass(event, out)
    else return this.#judge(event, out)
  }

  async #judge(event: SseEvent, out: StageOutput): Promise<void> {
    this.#judged = true
    const verdict = await this.#moderator.check(this.#ctx, 'response', this.#text)
    this.#text = ''
    this.#level = verdict?.level
    this.#pass(event, out)
  }

  #pass(event: SseEvent, out: StageOutput): void {
    const marked =
      this.#level !== undefined && this.#llm.protocol.isDataEvent(event)
        ? withRiskLevel(event.data, this.#level)
        : undefined
    out.push(
      marked === undefined
        ? (event.bytes ?? encodeSseEvent(event))
        : encodeSseEvent({ ...event, data: marked }),
    )
  }
}

/** Undefined when the data is no JSON object. */
function withRiskLevel(data: string, level: string): string | undefined {
  try {
    const document: unknown = JSON.parse(data)
    if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined
    return JSON.stringify({ ...document, risk_level: level })
  } catch {
    return undefined
  }
}
