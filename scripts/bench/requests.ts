// The bodies and paths of the bench; every target serves the same paths.

function words(bytes: number): string {
  let text = ''
  for (let i = 0; text.length < bytes; i++) text += `word${(i * 7919) % 99_991} `
  return text.slice(0, bytes)
}

function chat(promptBytes: number, stream: boolean): string {
  return JSON.stringify({
    model: 'bench-model',
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: words(promptBytes) },
    ],
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  })
}

/** The same, as a client of Anthropic's writes it. */
function anthropicMessage(promptBytes: number, stream: boolean): string {
  return JSON.stringify({
    model: 'bench-model',
    max_tokens: 1024,
    system: 'You are a helpful assistant.',
    messages: [{ role: 'user', content: words(promptBytes) }],
    ...(stream && { stream: true }),
  })
}

export const burstChunks = 200

export const paths = {
  chat: '/chat',
  quotas: '/quotas',
  message: '/message/v1/messages',
  messageBurst: `/burst/${burstChunks}/v1/messages`,
  burst: `/burst/${burstChunks}`,
  /** One event every 20 ms: 500 of these are 25,000 a second. */
  paced: '/paced/0/20',
  /** Streams that are open and do little: one event a second. */
  open: '/paced/0/1000',
} as const

export const bodies = {
  small: chat(1024, false),
  stream: chat(1024, true),
  message: anthropicMessage(1024, false),
  messageStream: anthropicMessage(1024, true),
  large: chat(128 * 1024, false),
}

/** A prompt of so many bytes in many messages, as long conversations are. */
export function hugeBody(bytes: number): Buffer {
  const message = JSON.stringify({ role: 'user', content: words(4000) })
  const count = Math.ceil(bytes / (message.length + 1))
  const messages = Array.from({ length: count }, () => message).join(',')
  return Buffer.from(`{"model":"bench-model","messages":[${messages}]}`)
}

export const consumerKey = 'bench-consumer-key'
