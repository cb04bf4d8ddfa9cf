// A streamed answer as Bedrock sends it.
import { encodeFrame } from '@weir/llm'

export function bedrockConverseFrames(texts: readonly string[]): Buffer {
  return Buffer.concat([
    frame('messageStart', { role: 'assistant' }),
    ...texts.map((text) => frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
    frame('contentBlockStop', { contentBlockIndex: 0 }),
    frame('messageStop', { stopReason: 'end_turn' }),
    frame('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }),
  ])
}

function frame(type: string, payload: object): Buffer {
  const headers = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }
  return encodeFrame(headers, JSON.stringify(payload))
}
