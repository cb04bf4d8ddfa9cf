// A stream passes as it comes. When its text is complete, which the event with the usage shows, the whole is judged
// once, and what follows is marked with the verdict. Nothing is denied (ai-plugins.md §14.1).
import { textLengthMax, type SseEvent } from '@weir/llm'
import type { StageOutput } from '@weir/plugin-api'
import { refuseRest } from './denial.ts'
import { bytesOf, type EventStage, type JudgedStream } from './judged-stream.ts'
import { markedBytes } from './risk-mark.ts'
import { StreamText } from './stream-text.ts'

export class FinalPacketCheck implements EventStage {
  readonly #stream: JudgedStream
  readonly #text: StreamText
  #level: string | undefined
  #isSilent = true

  constructor(stream: JudgedStream) {
    this.#stream = stream
    this.#text = new StreamText(stream.llm, 0)
  }

  onEvent(event: SseEvent, out: StageOutput): void | Promise<void> {
    const { llm, moderator } = this.#stream
    const { text = '', usage, done } = this.#text.add(event)
    if (text !== '') this.#isSilent = false
    // Some providers report usage with every piece of text, Anthropic's before the first.
    const isDue = done || (usage && text === '') || this.#text.bytes >= textLengthMax
    if (isDue && this.#text.bytes > 0) return this.#judge(event, out)
    const level = this.#isSilent && usage ? moderator.levelOfSilence : this.#level
    out.push(level === undefined ? bytesOf(event) : markedBytes(llm, event, level))
  }

  onEnd(out: StageOutput): void | Promise<void> {
    if (this.#text.bytes > 0) return this.#judge(undefined, out)
  }

  async #judge(event: SseEvent | undefined, out: StageOutput): Promise<void> {
    const { ctx, llm, moderator } = this.#stream
    const outcome = await moderator.check(ctx, 'stream', this.#text.take())
    if (outcome.is === 'refused') return refuseRest(llm, outcome.reply, out)
    this.#level = outcome.level
    if (event) out.push(markedBytes(llm, event, this.#level))
  }
}
