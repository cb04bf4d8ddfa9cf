// What the checks of streams have in common: they see events, whole, and each of them may wait for a verdict.
import { encodeSseEvent, FrameSplitter, type SseEvent } from '@weir/llm'
import type { GatewayResponse, LlmExchange, RequestContext, Stage, StageOutput } from '@weir/plugin-api'
import type { Moderator } from './moderator.ts'

/** The stream of one request, and who judges it. */
export interface JudgedStream {
  readonly ctx: RequestContext
  readonly llm: LlmExchange
  readonly moderator: Moderator
  /** Amazon's binary frames rather than server-sent events. */
  readonly isFramed: boolean
}

export interface EventStage {
  onEvent(event: SseEvent, out: StageOutput): void | Promise<void>
  onEnd?(out: StageOutput): void | Promise<void>
  onFail?(out: StageOutput): void | Promise<void>
}

/** How a response streams; undefined when it holds no events. */
export function framingOf({ headers }: GatewayResponse): 'events' | 'frames' | undefined {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type')
  const contentType = at < 0 ? '' : (headers[at + 1] ?? '')
  if (contentType.includes('text/event-stream')) return 'events'
  return contentType.includes('application/vnd.amazon.eventstream') ? 'frames' : undefined
}

export function toStage(stage: EventStage, { isFramed }: JudgedStream): Stage {
  return isFramed ? new FramedStage(stage) : stage
}

export function bytesOf(event: SseEvent): Buffer | string {
  return event.bytes ?? encodeSseEvent(event)
}

/** Gives a stage the frames of a binary stream as events. */
class FramedStage implements Stage {
  readonly #stage: EventStage
  readonly #splitter = new FrameSplitter()

  constructor(stage: EventStage) {
    this.#stage = stage
  }

  onChunk(bytes: Buffer, out: StageOutput): void | Promise<void> {
    return this.#offer(this.#splitter.push(bytes), 0, out)
  }

  onEnd(out: StageOutput): void | Promise<void> {
    return this.#stage.onEnd?.(out)
  }

  onFail(out: StageOutput): void | Promise<void> {
    return this.#stage.onFail?.(out)
  }

  #offer(events: readonly SseEvent[], from: number, out: StageOutput): void | Promise<void> {
    for (let at = from; at < events.length; at++) {
      const event = events[at]
      const pending = event && this.#stage.onEvent(event, out)
      if (pending) return pending.then(() => this.#offer(events, at + 1, out))
    }
    if (this.#splitter.isBroken) throw new Error('a stream of frames that cannot be read cannot be checked')
  }
}
