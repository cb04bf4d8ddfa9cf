// A stream is judged while it runs: each time enough text has gathered, or enough time has passed. The event that
// completes a portion waits for the verdict; when that denies, the rest of the stream is replaced.
import type { SseEvent } from '@weir/llm'
import type { StageOutput } from '@weir/plugin-api'
import { denyRest, refuseRest } from './denial.ts'
import { bytesOf, type EventStage, type JudgedStream } from './judged-stream.ts'
import { StreamProgress } from './stream-progress.ts'
import { StreamText } from './stream-text.ts'

/** When a portion of text is large or old enough to be judged. */
export interface PortionRules {
  readonly bytes: number
  readonly milliseconds: number
}

export class RealtimeCheck implements EventStage {
  readonly #stream: JudgedStream
  readonly #rules: PortionRules
  readonly #progress: StreamProgress
  readonly #text: StreamText
  #checkedAt = performance.now()
  #over = false

  constructor(stream: JudgedStream, rules: PortionRules) {
    this.#stream = stream
    this.#rules = rules
    this.#progress = new StreamProgress(stream.llm)
    this.#text = new StreamText(stream.llm, 0)
  }

  onEvent(event: SseEvent, out: StageOutput): void | Promise<void> {
    if (this.#over) return
    const facts = this.#text.add(event)
    if (this.#isDue(facts.done === true)) return this.#judge(event, out)
    this.#pass(event, out)
  }

  /** A stream that ends without its terminator is judged to its last word as well. */
  onEnd(out: StageOutput): void | Promise<void> {
    if (this.#text.bytes > 0) return this.#judge(undefined, out)
  }

  #isDue(done: boolean): boolean {
    if (this.#text.bytes === 0) return false
    if (done || this.#text.bytes >= this.#rules.bytes) return true
    return performance.now() - this.#checkedAt >= this.#rules.milliseconds
  }

  async #judge(event: SseEvent | undefined, out: StageOutput): Promise<void> {
    const { ctx, llm, moderator } = this.#stream
    this.#checkedAt = performance.now()
    const outcome = await moderator.check(ctx, 'stream', this.#text.take())
    if (outcome.is === 'refused') refuseRest(llm, outcome.reply, out)
    if (outcome.is === 'denied') {
      this.#over = true
      denyRest(this.#stream, outcome.text, this.#progress, out)
    } else if (event) this.#pass(event, out)
  }

  #pass(event: SseEvent, out: StageOutput): void {
    this.#progress.note(event)
    out.push(bytesOf(event))
  }
}
