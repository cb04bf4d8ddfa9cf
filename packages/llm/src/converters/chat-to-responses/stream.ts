// The events of a response of OpenAI's as the chunks of a chat completion.
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'
import { objectAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { ChatChunks } from '../chat/write-chat.ts'
import type { StreamConversion } from '../conversion.ts'
import { toChatUsage, toFinishReason } from './answer.ts'

export class ChunksOfResponse implements StreamConversion {
  readonly #chunks = new ChatChunks()
  readonly #model: string
  #hasCalls = false
  #isOver = false

  constructor(model: string) {
    this.#model = model
  }

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
      case 'response.created': {
        const response = objectAt(data, 'response')
        this.#chunks.start(textAt(response, 'id'), textAt(response, 'model') || this.#model)
        return
      }
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        this.#chunks.text(textAt(data, 'delta'))
        return
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        this.#chunks.reasoning(textAt(data, 'delta'))
        return
      case 'response.output_item.added': {
        const item = objectAt(data, 'item')
        if (item['type'] !== 'function_call') return
        this.#hasCalls = true
        this.#chunks.call(textAt(item, 'call_id'), textAt(item, 'name'))
        return
      }
      case 'response.function_call_arguments.delta':
        this.#chunks.callArguments(textAt(data, 'delta'))
        return
      case 'response.completed':
      case 'response.incomplete': {
        this.#isOver = true
        const response = objectAt(data, 'response')
        this.#chunks.finish(toFinishReason(response, this.#hasCalls))
        this.#chunks.usage(toChatUsage(objectAt(response, 'usage')))
        this.#chunks.done()
        return
      }
      case 'response.failed':
        this.#fail(objectAt(objectAt(data, 'response'), 'error'))
        return
      case 'error':
        this.#fail(data)
        return
      default:
    }
  }

  #fail(error: JsonObject): void {
    this.#isOver = true
    this.#chunks.error(textAt(error, 'message'), textAt(error, 'code') || 'server_error')
  }
}
