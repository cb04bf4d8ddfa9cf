// Stages see or change a streamed body. Bytes are pushed through; nothing is pulled.
import type { SseEvent } from '@weir/llm'

export interface StageOutput {
  /** Passes bytes on to the next stage, at last to the client. */
  push(bytes: Buffer | string): void
  /** Ends the response here, normally, after what was pushed; the upstream is aborted. */
  finish(): void
}

/**
 * Implement `onEvent` to be given server-sent events whole, else `onChunk` for bytes as they come.
 * A returned promise holds everything behind it back (and pauses the upstream) until it resolves.
 */
export interface Stage {
  onChunk?(bytes: Buffer, out: StageOutput): void | Promise<void>
  onEvent?(event: SseEvent, out: StageOutput): void | Promise<void>
  /** After the last chunk or event of a stream that ended normally. */
  onEnd?(out: StageOutput): void | Promise<void>
  /** After the last chunk or event of a stream that broke; the break is passed on when it is done. */
  onFail?(out: StageOutput): void | Promise<void>
}
