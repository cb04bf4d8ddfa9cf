// Answers of another protocol as chat completions and their chunks.
import type { JsonObject, SseEvent } from '../../protocols/protocol.ts'

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export interface ChatUsage {
  /** Cached tokens are among them. */
  readonly prompt: number
  readonly completion: number
  readonly cached: number
  /** Written to the provider's cache; undefined where the provider has no such count. */
  readonly created: number | undefined
  /** Of the completion; undefined where the provider has no such count. */
  readonly reasoning?: number | undefined
}

interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON. */
  readonly arguments: string
}

export interface ChatAnswer {
  readonly id: string
  readonly model: string
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly ToolCall[]
  readonly finish: FinishReason
  readonly usage: ChatUsage
}

export function chatCompletion(answer: ChatAnswer): JsonObject {
  const { id, model, text, reasoning, calls, finish, usage } = answer
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls.map(toCall) }),
  }
  return {
    id,
    object: 'chat.completion',
    created: nowSeconds(),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage: chatUsage(usage),
  }
}

export function chatError(message: string, type: string): JsonObject {
  return { error: { message, type, param: null, code: null } }
}

function toCall({ id, name, arguments: json }: ToolCall): JsonObject {
  return { id, type: 'function', function: { name, arguments: json } }
}

function chatUsage({ prompt, completion, cached, created, reasoning }: ChatUsage): JsonObject {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cached,
      ...(created !== undefined && { cache_creation_input_tokens: created }),
    },
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Writes the chunks of one stream. */
export class ChatChunks {
  readonly #created = nowSeconds()
  #id = ''
  #model = ''
  #events: SseEvent[] = []
  #calls = 0
  /** The call that was begun last has no arguments so far. */
  #isBare = false

  start(id: string, model: string): void {
    this.#id = id
    this.#model = model
    this.#delta({ role: 'assistant', content: '' })
  }

  text(content: string): void {
    if (content !== '') this.#delta({ content })
  }

  reasoning(content: string): void {
    if (content !== '') this.#delta({ reasoning_content: content })
  }

  /** Arguments follow by `callArguments`. */
  call(id: string, name: string): void {
    this.#endCall()
    this.#isBare = true
    const index = this.#calls++
    this.#delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
  }

  /** Of the call that was begun last. */
  callArguments(json: string): void {
    if (json === '') return
    this.#isBare = false
    this.#delta({ tool_calls: [{ index: this.#calls - 1, function: { arguments: json } }] })
  }

  finish(reason: FinishReason): void {
    this.#endCall()
    this.#chunk({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: reason }] })
  }

  usage(usage: ChatUsage): void {
    this.#chunk({ choices: [], usage: chatUsage(usage) })
  }

  error(message: string, type: string): void {
    this.#emit(JSON.stringify(chatError(message, type)))
  }

  done(): void {
    this.#emit('[DONE]')
  }

  /** What was written since the last time. */
  take(): readonly SseEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  /** Clients parse the arguments, and some providers stream nothing where there are none. */
  #endCall(): void {
    if (this.#isBare) this.callArguments('{}')
  }

  #delta(delta: JsonObject): void {
    this.#chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] })
  }

  #chunk(rest: JsonObject): void {
    const [id, created, model] = [this.#id, this.#created, this.#model]
    this.#emit(JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...rest }))
  }

  #emit(data: string): void {
    this.#events.push({ type: 'message', data })
  }
}
