// How far a stream has come that may have to end otherwise than it began.
import { encodeSseEvent, type JsonObject, type SseEvent } from '@weir/llm'
import { isJsonObject } from '@weir/contract'
import type { LlmExchange } from '@weir/plugin-api'

const zeroUsage: JsonObject = { input_tokens: 0, output_tokens: 0 }

/**
 * Anthropic's clients follow which message and which block of it is open, and fail on a message that begins within
 * another one; those of other protocols take any event as it comes.
 */
export class StreamProgress {
  readonly #isFollowed: boolean
  #hasBegun = false
  #openBlock: number | undefined
  #blocks = 0

  constructor({ protocol }: LlmExchange) {
    this.#isFollowed = protocol.name === 'anthropic-messages'
  }

  /** To be told of every event that the client gets. */
  note({ type, data }: SseEvent): void {
    if (!this.#isFollowed) return
    if (type === 'message_start') this.#hasBegun = true
    else if (type === 'content_block_start') {
      this.#openBlock = indexOf(data)
      this.#blocks = Math.max(this.#blocks, this.#openBlock + 1)
    } else if (type === 'content_block_stop') this.#openBlock = undefined
  }

  /** The end of a denied stream that has begun already; undefined where the denial stands by itself. */
  denial(text: string, usage: JsonObject | undefined): string | undefined {
    if (!this.#hasBegun) return undefined
    const index = this.#blocks
    const stop = (at: number) => encode('content_block_stop', { index: at })
    return [
      this.#openBlock === undefined ? '' : stop(this.#openBlock),
      encode('content_block_start', { index, content_block: { type: 'text', text: '' } }),
      encode('content_block_delta', { index, delta: { type: 'text_delta', text } }),
      stop(index),
      encode('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: usage ?? zeroUsage,
      }),
      encode('message_stop', {}),
    ].join('')
  }
}

function encode(type: string, rest: object): string {
  return encodeSseEvent({ type, data: JSON.stringify({ type, ...rest }) })
}

function indexOf(data: string): number {
  try {
    const block: unknown = JSON.parse(data)
    return isJsonObject(block) && typeof block['index'] === 'number' ? block['index'] : 0
  } catch {
    return 0
  }
}
