// The documents a fake model server sends: key order and numbers are those of the recorded provider.
import type { Scenario, Usage } from './scenario.ts'

const created = 1_700_000_000
const toolCall = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
}

export interface Asked {
  readonly model: string
  readonly words: readonly string[]
  readonly usage: Usage | undefined
  readonly scenario: Scenario
}

export function errorDocument(status: number) {
  return { error: { message: `mock error ${status}`, type: 'mock_error', code: String(status) } }
}

function openaiUsage({ prompt, completion }: Usage) {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

export function chatCompletion({ model, words, usage, scenario }: Asked) {
  const message = scenario.tool
    ? { role: 'assistant', content: null, tool_calls: [toolCall] }
    : { role: 'assistant', content: words.join('') }
  // The recorded provider answers without a content type in a shorter document of its own.
  const bare = scenario.contentType === false
  return {
    ...(bare
      ? { id: 'x', object: 'chat.completion', model }
      : { id: 'chatcmpl-mock', object: 'chat.completion', created, model }),
    choices: [
      {
        index: 0,
        message: bare ? { role: 'assistant', content: 'no ct' } : message,
        finish_reason: scenario.tool ? 'tool_calls' : 'stop',
      },
    ],
    ...(usage && { usage: openaiUsage(usage) }),
  }
}

/** The events of a chat stream, each as it goes over the wire. */
export function* chatEvents({ model, words, usage, scenario }: Asked): Generator<string> {
  const event = (rest: object) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-mock', object: 'chat.completion.chunk', created, model, ...rest })}\n\n`
  const delta = (value: object, finish: string | null) =>
    event({ choices: [{ index: 0, delta: value, finish_reason: finish }] })

  if (scenario.tool) {
    const { name, arguments: args } = toolCall.function
    const start = { ...toolCall, index: 0, function: { name, arguments: '' } }
    yield delta({ role: 'assistant', content: null, tool_calls: [start] }, null)
    for (const part of [args.slice(0, 8), args.slice(8)]) {
      yield delta({ tool_calls: [{ index: 0, function: { arguments: part } }] }, null)
    }
    yield delta({}, 'tool_calls')
  } else {
    for (const [i, content] of words.entries()) {
      yield delta(i === 0 ? { role: 'assistant', content } : { content }, null)
    }
    yield delta({}, 'stop')
  }
  if (usage) yield event({ choices: [], usage: openaiUsage(usage) })
  if (scenario.done !== false) yield 'data: [DONE]\n\n'
}

/** One short vector for each input; equal inputs get equal vectors. */
export function embeddings(model: string, input: unknown, usage: Usage | undefined) {
  const inputs = Array.isArray(input) ? input : [input]
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2, 0.3] })),
    model,
    ...(usage && { usage: { prompt_tokens: usage.prompt, total_tokens: usage.prompt } }),
  }
}

/** OpenAI's Responses API, one document. */
export function responsesDocument(model: string, usage: Usage | undefined) {
  const content = [{ type: 'output_text', text: 'Hello from responses' }]
  return {
    id: 'resp_1',
    object: 'response',
    created_at: created,
    status: 'completed',
    model,
    output: [{ type: 'message', id: 'msg_1', role: 'assistant', content }],
    ...(usage && {
      usage: {
        input_tokens: usage.prompt,
        output_tokens: usage.completion,
        total_tokens: usage.prompt + usage.completion,
      },
    }),
  }
}

/** Anthropic's Messages API, one document. */
export function anthropicMessage({ model, words, usage }: Asked) {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: words.join('') }],
    stop_reason: 'end_turn',
    ...(usage && { usage: { input_tokens: usage.prompt, output_tokens: usage.completion } }),
  }
}

export function* anthropicEvents({ model, usage }: Asked): Generator<string> {
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
  yield namedEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
  yield namedEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hello' } })
  yield namedEvent('content_block_stop', { index: 0 })
  yield namedEvent('message_delta', {
    delta: { stop_reason: 'end_turn' },
    ...(usage && { usage: { output_tokens: usage.completion } }),
  })
  yield namedEvent('message_stop', {})
}

function namedEvent(type: string, rest: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
}
