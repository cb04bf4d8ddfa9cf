// Anthropic's Messages API, whole and as a stream of named events.
import type { Asked } from './answers.ts'

/** Errors, as Anthropic words them: clients read `error.type`. */
const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

export function anthropicError(status: number) {
  return {
    type: 'error',
    error: { type: errorTypes[status] ?? 'api_error', message: `mock error ${status}` },
    request_id: 'mock-req',
  }
}

export function anthropicMessage({ model, words, usage, calls, scenario }: Asked) {
  const thinking = scenario.reasoning?.join('')
  const thought = thinking === undefined ? [] : [{ type: 'thinking', thinking, signature }]
  const answer = calls.length > 0 ? calls.map(toBlock) : [{ type: 'text', text: words.join('') }]
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [...thought, ...answer],
    stop_reason: stopReason(calls),
    ...(usage && { usage: { input_tokens: usage.prompt, output_tokens: usage.completion } }),
  }
}

/** What says that the thoughts are the model's own. */
const signature = 'mock-signature'

/** The recorded provider streams one word, whatever it says when it is not asked for a stream. */
const recordedWords = ['Hello']

export function* anthropicEvents({ model, usage, calls, scenario }: Asked): Generator<string> {
  yield namedEvent('message_start', {
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      ...(usage && { usage: { input_tokens: usage.prompt, output_tokens: 1 } }),
    },
  })
  let index = 0
  if (scenario.reasoning) yield* thinkingEvents(scenario.reasoning, index++)
  if (calls.length === 0) yield* textEvents(scenario.words ?? recordedWords, index)
  for (const call of calls) yield* callEvents(call, index++)
  yield namedEvent('message_delta', {
    delta: { stop_reason: stopReason(calls) },
    ...(usage && { usage: { output_tokens: usage.completion } }),
  })
  yield namedEvent('message_stop', {})
}

function* textEvents(words: readonly string[], index: number): Generator<string> {
  yield namedEvent('content_block_start', { index, content_block: { type: 'text', text: '' } })
  for (const text of words) {
    yield namedEvent('content_block_delta', { index, delta: { type: 'text_delta', text } })
  }
  yield namedEvent('content_block_stop', { index })
}

function* thinkingEvents(pieces: readonly string[], index: number): Generator<string> {
  const block = { type: 'thinking', thinking: '', signature: '' }
  yield namedEvent('content_block_start', { index, content_block: block })
  for (const thinking of pieces) {
    yield namedEvent('content_block_delta', { index, delta: { type: 'thinking_delta', thinking } })
  }
  yield namedEvent('content_block_delta', { index, delta: { type: 'signature_delta', signature } })
  yield namedEvent('content_block_stop', { index })
}

function* callEvents(call: Asked['calls'][number], index: number): Generator<string> {
  yield namedEvent('content_block_start', { index, content_block: { ...toBlock(call, index), input: {} } })
  // Of a call without arguments it streams no JSON at all.
  const parts = Object.keys(call.input).length === 0 ? [''] : call.parts
  for (const partial_json of parts) {
    yield namedEvent('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json } })
  }
  yield namedEvent('content_block_stop', { index })
}

function toBlock({ name, input }: Asked['calls'][number], index: number) {
  return { type: 'tool_use', id: `toolu_${index + 1}`, name, input }
}

function stopReason(calls: Asked['calls']): string {
  return calls.length > 0 ? 'tool_use' : 'end_turn'
}

export function namedEvent(type: string, rest: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
}
