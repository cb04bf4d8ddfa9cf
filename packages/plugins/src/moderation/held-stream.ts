// A stream of which nothing reaches the client before its verdict. Events are held until enough text has gathered, are
// judged together, and are released together or never.
import type { SseEvent } from '@weir/llm'
import type { StageOutput } from '@weir/plugin-api'
import { denyRest, refuseRest } from './denial.ts'
import { bytesOf, type EventStage, type JudgedStream } from './judged-stream.ts'
import type { Outcome } from './moderator.ts'
import type { PortionRules } from './realtime.ts'
import { markedBytes } from './risk-mark.ts'
import { StreamProgress } from './stream-progress.ts'
import { StreamText } from './stream-text.ts'

export interface HoldRules {
  /** Undefined holds the whole answer, as far as the window reaches. */
  readonly portion: PortionRules | undefined
  /** Events from the verdict on say the level. */
  readonly marks: boolean
  /** What becomes of an answer without any text. */
  readonly silence: Outcome
}

/** Held events take no more bytes than this (and one event): what is held then is judged as it is. */
export const portionWindowBytes = 256 * 1024
const wholeWindowBytes = 4 * 1024 * 1024

/** Characters of judged text that are judged again with what follows, so that no word hides between two portions. */
export const overlapLength = 64

/** Keeps connections open while nothing may be said (ai-plugins.md §14.3). */
const comment = ':\n\n'

export class HeldStream implements EventStage {
  readonly #stream: JudgedStream
  readonly #rules: HoldRules
  readonly #windowBytes: number
  readonly #progress: StreamProgress
  readonly #text: StreamText
  #held: SseEvent[] = []
  #heldBytes = 0
  #isSilent = true
  #level: string | undefined
  #checkedAt = performance.now()
  #over = false
  #timer: NodeJS.Timeout | undefined
  /** A portion that became old while nothing came is judged on its own; what comes then waits for it. */
  #judging: Promise<void> | undefined
  /** What failed on its own is told with what comes then. */
  #failure: Error | undefined

  constructor(stream: JudgedStream, rules: HoldRules) {
    this.#stream = stream
    this.#rules = rules
    this.#progress = new StreamProgress(stream.llm)
    this.#text = new StreamText(stream.llm, overlapLength)
    this.#windowBytes = rules.portion ? portionWindowBytes : wholeWindowBytes
  }

  onEvent(event: SseEvent, out: StageOutput): void | Promise<void> {
    if (this.#judging) return this.#judging.then(() => this.onEvent(event, out))
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#over) return
    const { text = '', usage, done } = this.#text.add(event)
    this.#held.push(event)
    this.#heldBytes += event.bytes?.length ?? event.data.length
    const isComplete = done === true || (usage !== undefined && text === '' && this.#text.bytes > 0)
    if (isComplete || this.#isDue()) return this.#judge(out)
    if (this.#rules.portion) this.#timer ??= this.#startTimer(this.#rules.portion, out)
    else if (!this.#stream.isFramed) out.push(comment)
  }

  onEnd(out: StageOutput): void | Promise<void> {
    if (this.#judging) return this.#judging.then(() => this.onEnd(out))
    if (this.#failure) return Promise.reject(this.#failure)
    if (!this.#over && this.#held.length > 0) return this.#judge(out)
  }

  /** What came before the stream broke is judged as well, and with it the event that says so. */
  onFail(out: StageOutput): void | Promise<void> {
    return this.onEnd(out)
  }

  #isDue(): boolean {
    if (this.#heldBytes >= this.#windowBytes) return true
    const { portion } = this.#rules
    if (!portion) return false
    // Events before any text are nobody's concern.
    if (this.#text.bytes === 0 || this.#text.bytes >= portion.bytes) return true
    return performance.now() - this.#checkedAt >= portion.milliseconds
  }

  #startTimer({ milliseconds }: PortionRules, out: StageOutput): NodeJS.Timeout {
    return setTimeout(() => {
      if (!this.#over) this.#judging = this.#judgeAlone(out)
    }, milliseconds).unref()
  }

  async #judgeAlone(out: StageOutput): Promise<void> {
    try {
      await this.#judge(out)
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('content moderation failed')
    } finally {
      this.#judging = undefined
    }
  }

  #judge(out: StageOutput): void | Promise<void> {
    this.#checkedAt = performance.now()
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#text.bytes > 0) return this.#ask(out)
    const outcome = this.#isSilent && !this.#rules.portion ? this.#rules.silence : undefined
    if (outcome) this.#follow(outcome, out)
    else this.#release(out)
  }

  async #ask(out: StageOutput): Promise<void> {
    const { ctx, moderator } = this.#stream
    this.#isSilent = false
    const outcome = await moderator.check(ctx, 'stream', this.#text.take())
    if (outcome.is === 'passed') this.#level = outcome.level
    this.#follow(outcome, out)
  }

  #follow(outcome: Outcome, out: StageOutput): void {
    const { llm } = this.#stream
    if (outcome.is === 'passed') {
      this.#release(out)
      return
    }
    this.#over = true
    this.#held = []
    if (outcome.is === 'refused') refuseRest(llm, outcome.reply, out)
    denyRest(this.#stream, outcome.text, this.#progress, out)
  }

  #release(out: StageOutput): void {
    const { llm } = this.#stream
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    const level = this.#rules.marks ? this.#level : undefined
    for (const event of held) this.#progress.note(event)
    const last = held.pop()
    for (const event of held) out.push(bytesOf(event))
    if (last) out.push(markedBytes(llm, last, level))
  }
}
