// The frames of a stream of Bedrock's as the chunks of a chat completion.
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'
import { isPresent, objectAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { isExceptionEvent } from '../../transport/event-frames.ts'
import { ChatChunks } from '../chat/write-chat.ts'
import type { StreamConversion } from '../conversion.ts'
import { toChatUsage, toFinishReason } from './answer.ts'

export class ChunksOfConverse implements StreamConversion {
  readonly #chunks = new ChatChunks()
  readonly #id: string
  readonly #model: string
  #hasFinished = false
  #isOver = false

  constructor(id: string, model: string) {
    this.#id = id
    this.#model = model
  }

  push(event: SseEvent): readonly SseEvent[] {
    if (!this.#isOver) this.#read(event.type, parseObject(event.data) ?? {})
    return this.#chunks.take()
  }

  /** Without the frame that holds the usage it is over, too. */
  end(): readonly SseEvent[] {
    if (this.#hasFinished && !this.#isOver) this.#chunks.done()
    this.#isOver = true
    return this.#chunks.take()
  }

  #read(type: string, data: JsonObject): void {
    if (isExceptionEvent(type)) {
      this.#isOver = true
      this.#chunks.error(textAt(data, 'message'), type.slice(type.indexOf(':') + 1))
      return
    }
    switch (type) {
      case 'messageStart':
        this.#chunks.start(this.#id, this.#model)
        return
      case 'contentBlockStart': {
        const start = objectAt(data, 'start')
        const use = objectAt(start, 'toolUse')
        if (isPresent(start['toolUse'])) this.#chunks.call(textAt(use, 'toolUseId'), textAt(use, 'name'))
        return
      }
      case 'contentBlockDelta': {
        const delta = objectAt(data, 'delta')
        this.#chunks.text(textAt(delta, 'text'))
        this.#chunks.reasoning(textAt(objectAt(delta, 'reasoningContent'), 'text'))
        this.#chunks.callArguments(textAt(objectAt(delta, 'toolUse'), 'input'))
        return
      }
      case 'messageStop':
        this.#hasFinished = true
        this.#chunks.finish(toFinishReason(data['stopReason']))
        return
      case 'metadata':
        this.#isOver = true
        this.#chunks.usage(toChatUsage(objectAt(data, 'usage')))
        this.#chunks.done()
        return
      default:
    }
  }
}
