// What callers get instead of what was denied: an answer of their own protocol (ai-plugins.md §2.2).
import { encodeFrame } from '@weir/llm'
import { answerDenied, type LlmExchange, type Reply, type StageOutput } from '@weir/plugin-api'
import { usageToTell } from './denied-usage.ts'
import type { JudgedStream } from './judged-stream.ts'
import type { StreamProgress } from './stream-progress.ts'

export function denialOf(llm: LlmExchange, text: string, status: number): Reply {
  const { stream, protocol, requestModel } = llm
  const usage = usageToTell(llm)
  // Amazon's clients read nothing but frames where they asked for a stream, unless the status is an error's.
  if (stream && protocol.name === 'bedrock-converse' && status < 400) {
    const body = Buffer.concat([frame('messageStart', { role: 'assistant' }), ...deniedFrames(text, usage)])
    return { status, headers: { 'Content-Type': 'application/vnd.amazon.eventstream' }, body }
  }
  return {
    status,
    headers: { 'Content-Type': stream ? 'text/event-stream' : 'application/json' },
    body: stream
      ? protocol.denyStream(text, requestModel, usage)
      : protocol.denyBody(text, requestModel, usage),
  }
}

/** Ends a stream properly, with the denial in place of the rest. */
export function denyRest(
  { ctx, llm, isFramed }: JudgedStream,
  text: string,
  progress: StreamProgress,
  out: StageOutput,
): void {
  const { protocol, requestModel } = llm
  const usage = usageToTell(llm)
  ctx.state.set(answerDenied, true)
  if (isFramed) for (const bytes of deniedFrames(text, usage)) out.push(bytes)
  else out.push(progress.denial(text, usage) ?? protocol.denyStream(text, requestModel, usage))
  out.finish()
}

/**
 * Breaks a stream off that may not go on without a verdict.
 * @throws always: that is how a stage ends a stream so that nobody takes it for complete.
 */
export function refuseRest(llm: LlmExchange, reply: Reply, out: StageOutput): never {
  const { body = '' } = reply
  const message = typeof body === 'string' ? body : 'content moderation is unavailable'
  const event = llm.protocol.errorEvent(message)
  if (event !== '') out.push(event)
  throw new Error('content moderation gave no verdict')
}

/** Behind frames of Bedrock a document would be noise to its clients. */
function* deniedFrames(text: string, usage: object | undefined): Generator<Buffer> {
  yield frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })
  yield frame('contentBlockStop', { contentBlockIndex: 0 })
  yield frame('messageStop', { stopReason: 'end_turn' })
  yield frame('metadata', { usage: usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0 } })
}

function frame(type: string, payload: object): Buffer {
  const headers = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }
  return encodeFrame(headers, JSON.stringify(payload))
}
