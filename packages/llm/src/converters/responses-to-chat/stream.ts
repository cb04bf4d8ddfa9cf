// The chunks of a chat completion as the events of a response of OpenAI's.
import { isJsonObject } from '@weir/contract'
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { reasoningOf } from '../anthropic-to-chat/answer.ts'
import type { StreamConversion } from '../conversion.ts'
import { OpenItem } from './open-item.ts'
import { endOf, type ResponseFacts, responseObject, toResponsesUsage } from './response-object.ts'

export class ResponseEvents implements StreamConversion {
  readonly #facts: ResponseFacts
  #model = ''
  #events: SseEvent[] = []
  #sequence = 0
  #hasStarted = false
  #isOver = false
  #finish = ''
  #usage: JsonObject | undefined = undefined
  readonly #output: JsonObject[] = []
  #open: OpenItem | undefined = undefined

  constructor(facts: ResponseFacts) {
    this.#facts = facts
  }

  push(event: SseEvent): readonly SseEvent[] {
    if (event.data.trim() === '[DONE]') return this.end()
    const chunk = parseObject(event.data)
    if (!chunk || this.#isOver) return []
    // Events with names are another protocol's, but errors are errors.
    if (isPresent(chunk['error'])) this.#fail(chunk)
    else if (event.type === 'message') this.#read(chunk)
    return this.#taken()
  }

  end(): readonly SseEvent[] {
    if (this.#hasStarted && !this.#isOver) this.#complete()
    return this.#taken()
  }

  #read(chunk: JsonObject): void {
    if (!this.#hasStarted) this.#start(chunk)
    if (isJsonObject(chunk['usage'])) this.#usage = toResponsesUsage(chunk['usage'])
    const [choice] = objectsAt(chunk, 'choices')
    if (!choice) return
    const delta = objectAt(choice, 'delta')
    this.#add('reasoning', reasoningOf(delta))
    this.#add('message', textAt(delta, 'content'))
    for (const [i, call] of objectsAt(delta, 'tool_calls').entries()) this.#addCall(call, i)
    this.#finish ||= textAt(choice, 'finish_reason')
  }

  #start(chunk: JsonObject): void {
    this.#hasStarted = true
    this.#model = textAt(chunk, 'model') || this.#facts.model
    const response = this.#response({ status: 'in_progress', output: [] })
    this.#emit('response.created', { response })
    this.#emit('response.in_progress', { response })
  }

  #add(kind: 'reasoning' | 'message', text: string): void {
    if (text === '') return
    if (this.#open?.kind !== kind) this.#openItem(new OpenItem(kind, this.#place(), this.#facts.id))
    this.#forward(this.#open?.add(text))
  }

  /** Some servers leave `index` out where there is one call. */
  #addCall(call: JsonObject, position: number): void {
    const place = typeof call['index'] === 'number' ? call['index'] : position
    const called = objectAt(call, 'function')
    if (this.#open?.callPlace !== place) {
      const names = { callId: textAt(call, 'id'), name: textAt(called, 'name'), place }
      this.#openItem(new OpenItem('call', this.#place(), this.#facts.id, names))
    }
    const json = textAt(called, 'arguments')
    if (json !== '') this.#forward(this.#open?.add(json))
  }

  #place(): number {
    return this.#output.length + (this.#open ? 1 : 0)
  }

  #openItem(item: OpenItem): void {
    this.#close()
    this.#open = item
    this.#forward(item.opened())
  }

  #close(): void {
    if (!this.#open) return
    this.#forward(this.#open.closed())
    this.#output.push(this.#open.item())
    this.#open = undefined
  }

  #complete(): void {
    this.#isOver = true
    this.#close()
    const end = endOf(this.#finish)
    const response = this.#response({ ...end, output: this.#output, usage: this.#usage })
    this.#emit(`response.${end.status}`, { response })
  }

  #fail(chunk: JsonObject): void {
    this.#isOver = true
    const error = objectAt(chunk, 'error')
    const message = textAt(error, 'message') || textAt(chunk, 'error')
    this.#emit('error', { code: textAt(error, 'code') || textAt(error, 'type'), message, param: null })
  }

  #response(state: Parameters<typeof responseObject>[1]): JsonObject {
    return responseObject({ ...this.#facts, model: this.#model }, state)
  }

  #forward(events: readonly (readonly [type: string, data: JsonObject])[] | undefined): void {
    for (const [type, data] of events ?? []) this.#emit(type, data)
  }

  #emit(type: string, data: JsonObject): void {
    this.#events.push({ type, data: JSON.stringify({ type, sequence_number: this.#sequence++, ...data }) })
  }

  #taken(): readonly SseEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}
