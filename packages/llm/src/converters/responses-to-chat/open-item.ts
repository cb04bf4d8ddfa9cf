// One item of a response's output while its stream brings it.
import type { JsonObject } from '../../protocols/protocol.ts'
import { callItem, messageItem, reasoningItem, summaryPart, textPart } from './response-object.ts'

type Event = readonly [type: string, data: JsonObject]

const prefixes = { reasoning: 'rs', message: 'msg', call: 'fc' } as const

export interface CallNames {
  readonly callId: string
  readonly name: string
  /** Among the calls of the chat. */
  readonly place: number
}

export class OpenItem {
  readonly kind: 'reasoning' | 'message' | 'call'
  readonly callPlace: number | undefined
  readonly #id: string
  readonly #index: number
  readonly #names: CallNames | undefined
  #text = ''

  constructor(kind: OpenItem['kind'], index: number, responseId: string, names?: CallNames) {
    this.kind = kind
    this.callPlace = names?.place
    this.#index = index
    this.#id = `${prefixes[kind]}_${index}_${responseId}`
    this.#names = names
  }

  opened(): Event[] {
    const added: Event = [
      'response.output_item.added',
      { output_index: this.#index, item: this.item('in_progress') },
    ]
    if (this.kind === 'call') return [added]
    return [added, this.#partEvent('added', '')]
  }

  add(text: string): Event[] {
    this.#text += text
    const delta = { delta: text }
    switch (this.kind) {
      case 'message':
        return [['response.output_text.delta', { ...this.#partPlace(), ...delta, logprobs: [] }]]
      case 'reasoning':
        return [['response.reasoning_summary_text.delta', { ...this.#partPlace(), ...delta }]]
      case 'call':
        return [['response.function_call_arguments.delta', { ...this.#place(), ...delta }]]
    }
  }

  closed(): Event[] {
    const done: Event = ['response.output_item.done', { output_index: this.#index, item: this.item() }]
    const text = this.#text
    if (this.kind === 'call') {
      const name = this.#names?.name ?? ''
      return [['response.function_call_arguments.done', { ...this.#place(), name, arguments: text }], done]
    }
    const part = this.#partEvent('done', text)
    return this.kind === 'message'
      ? [['response.output_text.done', { ...this.#partPlace(), text, logprobs: [] }], part, done]
      : [['response.reasoning_summary_text.done', { ...this.#partPlace(), text }], part, done]
  }

  item(status: 'in_progress' | 'completed' = 'completed'): JsonObject {
    switch (this.kind) {
      case 'message':
        return messageItem(this.#id, this.#text, status)
      case 'reasoning':
        return reasoningItem(this.#id, this.#text)
      case 'call': {
        const { callId = '', name = '' } = this.#names ?? {}
        return callItem(this.#id, callId, name, this.#text, status)
      }
    }
  }

  #place(): JsonObject {
    return { item_id: this.#id, output_index: this.#index }
  }

  #partPlace(): JsonObject {
    return { ...this.#place(), [this.kind === 'message' ? 'content_index' : 'summary_index']: 0 }
  }

  #partEvent(step: 'added' | 'done', text: string): Event {
    const place = this.#partPlace()
    return this.kind === 'message'
      ? [`response.content_part.${step}`, { ...place, part: textPart(text) }]
      : [`response.reasoning_summary_part.${step}`, { ...place, part: summaryPart(text) }]
  }
}
