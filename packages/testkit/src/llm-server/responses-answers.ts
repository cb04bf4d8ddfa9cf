// OpenAI's Responses API, whole and as a stream of named events.
import { namedEvent } from './anthropic-answers.ts'
import { type Asked, created } from './answers.ts'

/** The recorded provider has one answer, and leaves out what clients may not need. */
export function responsesDocument(asked: Asked) {
  const { model, usage, calls, scenario } = asked
  const recorded = scenario.words === undefined && calls.length === 0
  const content = [{ type: 'output_text', text: 'Hello from responses' }]
  return {
    id: 'resp_1',
    object: 'response',
    created_at: created,
    status: 'completed',
    model,
    output: recorded ? [{ type: 'message', id: 'msg_1', role: 'assistant', content }] : outputOf(asked),
    ...(usage && {
      usage: {
        input_tokens: usage.prompt,
        output_tokens: usage.completion,
        total_tokens: usage.prompt + usage.completion,
      },
    }),
  }
}

export function* responsesEvents(asked: Asked): Generator<string> {
  const { model, calls } = asked
  const document = { ...responsesDocument(asked), output: outputOf(asked) }
  let sequence_number = 0
  const event = (type: string, rest: object) =>
    namedEvent(type, { sequence_number: sequence_number++, ...rest })
  const begun = { id: 'resp_1', object: 'response', created_at: created, status: 'in_progress', model }

  yield event('response.created', { response: { ...begun, output: [] } })
  for (const [output_index, item] of document.output.entries()) {
    const at = { item_id: item.id, output_index }
    if (item.type === 'message') {
      const place = { ...at, content_index: 0 }
      yield event('response.output_item.added', { output_index, item: { ...item, content: [] } })
      yield event('response.content_part.added', { ...place, part: { ...toPart(''), text: '' } })
      for (const delta of asked.words) yield event('response.output_text.delta', { ...place, delta })
      const text = asked.words.join('')
      yield event('response.output_text.done', { ...place, text })
      yield event('response.content_part.done', { ...place, part: toPart(text) })
    } else {
      yield event('response.output_item.added', { output_index, item: { ...item, arguments: '' } })
      for (const delta of calls[output_index]?.parts ?? []) {
        yield event('response.function_call_arguments.delta', { ...at, delta })
      }
      yield event('response.function_call_arguments.done', { ...at, arguments: item.arguments })
    }
    yield event('response.output_item.done', { output_index, item })
  }
  yield event('response.completed', { response: document })
}

function outputOf({ words, calls }: Asked) {
  if (calls.length === 0) {
    const content = [toPart(words.join(''))]
    return [{ type: 'message' as const, id: 'msg_1', role: 'assistant', status: 'completed', content }]
  }
  return calls.map(({ name, parts }, i) => ({
    type: 'function_call' as const,
    id: `fc_${i + 1}`,
    call_id: `call_${i + 1}`,
    name,
    arguments: parts.join(''),
    status: 'completed',
  }))
}

function toPart(text: string) {
  return { type: 'output_text', text, annotations: [] }
}
