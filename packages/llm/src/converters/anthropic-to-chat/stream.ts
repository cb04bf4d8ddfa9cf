// The chunks of a chat completion as the events of a message of Anthropic's (contract/ai-plugins.md §7.2).
import { isJsonObject } from '@weir/contract'
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, parseObject, textAt } from '../../protocols/read-json.ts'
import type { StreamConversion } from '../conversion.ts'
import { reasoningOf, toAnthropicError } from './answer.ts'
import type { ToolNames } from './tool-names.ts'
import { toAnthropicUsage, toStopReason, zeroUsage } from './usage.ts'

export class AnthropicEvents implements StreamConversion {
  readonly #names: ToolNames
  #events: SseEvent[] = []
  #hasStarted = false
  #isOver = false
  /** The kind of the block that is open: `text`, `thinking` or the place of a tool's call. */
  #open: 'text' | 'thinking' | number | undefined = undefined
  #index = -1
  /** Blocks of the tools' calls, by their place among the calls. */
  readonly #toolBlocks = new Map<number, number>()
  /** Held back once known, for the usage comes behind it. */
  #stopReason: string | undefined = undefined
  #usage: JsonObject | undefined = undefined

  constructor(names: ToolNames) {
    this.#names = names
  }

  push(event: SseEvent): readonly SseEvent[] {
    if (event.data.trim() === '[DONE]') return this.end()
    const chunk = parseObject(event.data)
    if (!chunk || this.#isOver) return []
    // Events with names are another protocol's, but errors are errors.
    if (isPresent(chunk['error'])) {
      this.#isOver = true
      this.#emit('error', toAnthropicError(chunk))
    } else if (event.type === 'message') this.#read(chunk)
    return this.#taken()
  }

  end(): readonly SseEvent[] {
    if (this.#hasStarted && !this.#isOver) this.#finish()
    return this.#taken()
  }

  #read(chunk: JsonObject): void {
    if (!this.#hasStarted) this.#start(chunk)
    if (isJsonObject(chunk['usage'])) this.#usage = toAnthropicUsage(chunk['usage'])
    if (this.#stopReason !== undefined) {
      if (this.#usage) this.#finish()
      return
    }
    const [choice] = objectsAt(chunk, 'choices')
    if (!choice) return
    const delta = objectAt(choice, 'delta')
    this.#text('thinking', reasoningOf(delta))
    this.#text('text', textAt(delta, 'content'))
    for (const [i, call] of objectsAt(delta, 'tool_calls').entries()) this.#toolCall(call, i)
    const reason = textAt(choice, 'finish_reason')
    if (reason === '' || reason === 'null') return
    this.#close()
    this.#stopReason = toStopReason(reason)
  }

  #start(chunk: JsonObject): void {
    this.#hasStarted = true
    const { id, model } = chunk
    this.#emit('message_start', {
      type: 'message_start',
      message: { id, type: 'message', role: 'assistant', model, content: [], usage: zeroUsage },
    })
  }

  #text(kind: 'text' | 'thinking', text: string): void {
    if (text === '') return
    if (this.#open !== kind) {
      this.#openBlock(
        kind,
        kind === 'text' ? { type: kind, text: '' } : { type: kind, thinking: '', signature: '' },
      )
    }
    const delta = kind === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text }
    this.#delta(this.#index, delta)
  }

  /** Some servers leave `index` out where there is one call. */
  #toolCall(call: JsonObject, position: number): void {
    const place = typeof call['index'] === 'number' ? call['index'] : position
    const called = objectAt(call, 'function')
    let block = this.#toolBlocks.get(place)
    if (block === undefined) {
      const name = this.#names.restore(textAt(called, 'name'))
      this.#openBlock(place, { type: 'tool_use', id: textAt(call, 'id'), name, input: {} })
      block = this.#index
      this.#toolBlocks.set(place, block)
    }
    const partial = textAt(called, 'arguments')
    if (partial !== '') this.#delta(block, { type: 'input_json_delta', partial_json: partial })
  }

  #openBlock(kind: 'text' | 'thinking' | number, block: JsonObject): void {
    this.#close()
    this.#open = kind
    this.#index++
    this.#emit('content_block_start', {
      type: 'content_block_start',
      index: this.#index,
      content_block: block,
    })
  }

  #delta(index: number, delta: JsonObject): void {
    this.#emit('content_block_delta', { type: 'content_block_delta', index, delta })
  }

  #close(): void {
    if (this.#open === undefined) return
    this.#open = undefined
    this.#emit('content_block_stop', { type: 'content_block_stop', index: this.#index })
  }

  /** Clients read the usage of every message_delta, so one is always there. */
  #finish(): void {
    this.#isOver = true
    this.#close()
    this.#emit('message_delta', {
      type: 'message_delta',
      delta: { stop_reason: this.#stopReason ?? 'end_turn' },
      usage: this.#usage ?? zeroUsage,
    })
    this.#emit('message_stop', { type: 'message_stop' })
  }

  #emit(type: string, data: JsonObject): void {
    this.#events.push({ type, data: JSON.stringify(data) })
  }

  #taken(): readonly SseEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}
