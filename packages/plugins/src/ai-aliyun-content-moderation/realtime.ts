// A stream is judged while it runs: each time enough text has gathered, or enough time has passed. The event that
// completes a portion waits for the verdict; when that denies, the rest of the stream is replaced.
import { encodeSseEvent, type SseEvent } from '@weir/llm'
import type { LlmExchange, RequestContext, Stage, StageOutput } from '@weir/plugin-api'
import type { Moderator } from './moderator.ts'
import type { Config } from './schema.ts'
import { denyText, isDenied } from './verdict.ts'

export class RealtimeCheck implements Stage {
  readonly #ctx: RequestContext
  readonly #llm: LlmExchange
  readonly #moderator: Moderator
  readonly #config: Config
  #text = ''
  #bytes = 0
  #checkedAt = performance.now()

  constructor(ctx: RequestContext, llm: LlmExchange, moderator: Moderator, config: Config) {
    this.#ctx = ctx
    this.#llm = llm
    this.#moderator = moderator
    this.#config = config
  }

  onEvent(event: SseEvent, out: StageOutput): void | Promise<void> {
    const facts = this.#llm.protocol.readEvent(event)
    if (facts.text !== undefined) {
      this.#text += facts.text
      this.#bytes += Buffer.byteLength(facts.text)
    }
    if (this.#isDue(facts.done === true)) return this.#judge(event, out)
    out.push(event.bytes ?? encodeSseEvent(event))
  }

  /** A stream that ends without its terminator is judged to its last word as well. */
  onEnd(out: StageOutput): void | Promise<void> {
    if (this.#text !== '') return this.#judge(undefined, out)
  }

  #isDue(done: boolean): boolean {
    if (this.#text === '') return false
    const { stream_check_cache_size, stream_check_interval } = this.#config
    if (done || this.#bytes >= stream_check_cache_size) return true
    return performance.now() - this.#checkedAt >= stream_check_interval * 1000
  }

  async #judge(event: SseEvent | undefined, out: StageOutput): Promise<void> {
    this.#checkedAt = performance.now()
    const text = this.#text
    this.#text = ''
    this.#bytes = 0
    const verdict = await this.#moderator.check(this.#ctx, 'response', text)
    if (verdict && isDenied(verdict, this.#config.risk_level_bar)) {
      const { protocol, requestModel, usage } = this.#llm
      out.push(protocol.denyStream(denyText(verdict, this.#config), requestModel, usage?.raw))
      out.finish()
    } else if (event) out.push(event.bytes ?? encodeSseEvent(event))
  }
}
