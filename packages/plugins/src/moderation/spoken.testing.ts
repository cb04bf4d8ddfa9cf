// One answer as each protocol streams it.
import { encodeSseEvent, FrameSplitter, protocolNamed, SseSplitter, type ProtocolName } from '@weir/llm'
import { bedrockConverseFrames } from './frames.testing.ts'
import { chunk, done, usage } from './streams.testing.ts'

type Speak = (tokens: readonly string[]) => Buffer

const named = (type: string, rest: object) =>
  encodeSseEvent({ type, data: JSON.stringify({ type, ...rest }) })

const anthropic: Speak = (tokens) => {
  const counted = { input_tokens: 3, output_tokens: 1 }
  const events = [
    named('message_start', { message: { content: [], usage: counted } }),
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...tokens.map((text) => named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    named('content_block_stop', { index: 0 }),
    named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: counted }),
    named('message_stop', {}),
  ]
  return Buffer.from(events.join(''))
}

/** Which says all of its text once more at the end, twice. */
const responses: Speak = (tokens) => {
  const text = tokens.join('')
  const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }]
  const events = [
    named('response.created', { response: { status: 'in_progress', output: [] } }),
    ...tokens.map((delta) => named('response.output_text.delta', { delta })),
    named('response.output_text.done', { text }),
    named('response.completed', { response: { status: 'completed', output, usage: { input_tokens: 1 } } }),
  ]
  return Buffer.from(events.join(''))
}

export const spoken: readonly (readonly [protocol: ProtocolName, speak: Speak])[] = [
  ['openai-chat', (tokens) => Buffer.from(tokens.map(chunk).join('') + usage + done)],
  ['anthropic-messages', anthropic],
  ['openai-responses', responses],
  ['bedrock-converse', bedrockConverseFrames],
]

/** The text that a client has read. */
export function heard(protocol: ProtocolName, chunks: readonly Buffer[]): string {
  const splitter = protocol === 'bedrock-converse' ? new FrameSplitter() : new SseSplitter()
  const events = splitter.push(Buffer.concat(chunks))
  return events.map((event) => protocolNamed(protocol).readEvent(event).text ?? '').join('')
}
