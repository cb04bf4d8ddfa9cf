// The events of a message of Anthropic's as the chunks of a chat completion.
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'
import { objectAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { ChatChunks } from '../chat/write-chat.ts'
import type { StreamConversion } from '../conversion.ts'
import { toChatUsage, toFinishReason } from './answer.ts'

export class ChunksOfAnthropic implements StreamConversion {
  readonly #chunks = new ChatChunks()
  #usage: JsonObject = {}
  #isOver = false

  push(event: SseEvent): readonly SseEvent[] {
    const data = parseObject(event.data)
    if (data && !this.#isOver) this.#read(event.type, data)
    return this.#chunks.take()
  }

  /** Nothing is held back. */
  end(): readonly SseEvent[] {
    return []
  }

  #read(type: string, data: JsonObject): void {
    switch (type) {
      case 'message_start': {
        const message = objectAt(data, 'message')
        this.#usage = objectAt(message, 'usage')
        this.#chunks.start(textAt(message, 'id'), textAt(message, 'model'))
        return
      }
      case 'content_block_start': {
        const block = objectAt(data, 'content_block')
        if (block['type'] === 'tool_use') this.#chunks.call(textAt(block, 'id'), textAt(block, 'name'))
        return
      }
      case 'content_block_delta': {
        const delta = objectAt(data, 'delta')
        this.#chunks.text(textAt(delta, 'text'))
        this.#chunks.reasoning(textAt(delta, 'thinking'))
        this.#chunks.callArguments(textAt(delta, 'partial_json'))
        return
      }
      case 'message_delta': {
        this.#count(objectAt(data, 'usage'))
        const reason = textAt(objectAt(data, 'delta'), 'stop_reason')
        if (reason !== '') this.#chunks.finish(toFinishReason(reason))
        return
      }
      case 'message_stop':
        this.#isOver = true
        this.#chunks.usage(toChatUsage(this.#usage))
        this.#chunks.done()
        return
      case 'error': {
        this.#isOver = true
        const error = objectAt(data, 'error')
        this.#chunks.error(textAt(error, 'message'), textAt(error, 'type') || 'api_error')
        return
      }
      default:
    }
  }

  /** Counts of the start stand until the end says otherwise; null says nothing. */
  #count(usage: JsonObject): void {
    const counts = Object.entries(usage).filter(([, value]) => typeof value === 'number')
    this.#usage = { ...this.#usage, ...Object.fromEntries(counts) }
  }
}
