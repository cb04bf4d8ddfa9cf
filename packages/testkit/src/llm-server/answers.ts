// The documents a fake model server sends: key order and numbers are those of the recorded provider.
import type { Scenario, ToolCall, Usage } from './scenario.ts'

export const created = 1_700_000_000

export interface Asked {
  readonly model: string
  readonly words: readonly string[]
  readonly usage: Usage | undefined
  /** Calls of tools that are the answer, if any, with their arguments as JSON in the pieces of a stream. */
  readonly calls: readonly (ToolCall & { readonly parts: readonly string[] })[]
  readonly scenario: Scenario
}

export function errorDocument(status: number) {
  return { error: { message: `mock error ${status}`, type: 'mock_error', code: String(status) } }
}

function openaiUsage({ prompt, completion }: Usage) {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

function chatCall({ name }: ToolCall, i: number, args: string) {
  return { id: `call_${i + 1}`, type: 'function', function: { name, arguments: args } }
}

export function chatCompletion({ model, words, usage, calls, scenario }: Asked) {
  const called = calls.length > 0
  const thought = scenario.reasoning && { reasoning_content: scenario.reasoning.join('') }
  const message = called
    ? {
        role: 'assistant',
        content: null,
        tool_calls: calls.map((one, i) => chatCall(one, i, one.parts.join(''))),
      }
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
        message: bare ? { role: 'assistant', content: 'no ct' } : { ...message, ...thought },
        finish_reason: called ? 'tool_calls' : 'stop',
      },
    ],
    ...(usage && { usage: openaiUsage(usage) }),
  }
}

/** The events of a chat stream, each as it goes over the wire. */
export function* chatEvents({ model, words, usage, calls, scenario }: Asked): Generator<string> {
  const event = (rest: object) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-mock', object: 'chat.completion.chunk', created, model, ...rest })}\n\n`
  const delta = (value: object, finish: string | null) =>
    event({ choices: [{ index: 0, delta: value, finish_reason: finish }] })

  for (const piece of scenario.reasoning ?? []) yield delta({ reasoning_content: piece }, null)
  if (calls.length > 0) {
    for (const [index, call] of calls.entries()) {
      const start = { ...chatCall(call, index, ''), index }
      yield delta({ ...(index === 0 && { role: 'assistant', content: null }), tool_calls: [start] }, null)
      for (const part of call.parts) {
        yield delta({ tool_calls: [{ index, function: { arguments: part } }] }, null)
      }
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
export function embeddings(model: string, json: Readonly<Record<string, unknown>>, usage: Usage | undefined) {
  const { input, encoding_format: format } = json
  const inputs = Array.isArray(input) ? input : [input]
  const embedding = format === 'base64' ? base64Of(vector) : vector
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    model,
    ...(usage && { usage: { prompt_tokens: usage.prompt, total_tokens: usage.prompt } }),
  }
}

const vector = [0.1, 0.2, 0.3]

/** As OpenAI's client asks for it: 32-bit floats, little-endian. */
function base64Of(numbers: readonly number[]): string {
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64')
}
