// Clients of Anthropic's Messages, providers of OpenAI's Chat Completions (contract/ai-plugins.md §7.1, §7.2).
import type { Conversion } from '../conversion.ts'
import { toAnthropicError, toAnthropicMessage } from './answer.ts'
import { toChatRequest } from './request.ts'
import { AnthropicEvents } from './stream.ts'
import { ToolNames } from './tool-names.ts'

export const anthropicToChat: Conversion = {
  from: 'anthropic-messages',
  to: 'openai-chat',
  request(body, { model }) {
    const names = new ToolNames()
    return {
      ...toChatRequest(body, names),
      reply: {
        answer: (answer) => toAnthropicMessage(answer, model, names),
        error: toAnthropicError,
        stream: () => new AnthropicEvents(names),
      },
    }
  },
  headers,
}

/** The key of Anthropic's clients becomes a bearer token, and headers that mean something to Anthropic alone go. */
function headers(list: readonly string[]): string[] {
  const out: string[] = []
  let key: string | undefined
  let isAuthorized = false
  for (let i = 0; i < list.length; i += 2) {
    const [name = '', value = ''] = [list[i], list[i + 1]]
    if (name === 'x-api-key') key = value
    else if (!name.startsWith('anthropic-') && !name.startsWith('x-stainless-')) {
      isAuthorized ||= name === 'authorization'
      out.push(name, value)
    }
  }
  if (key && !isAuthorized) out.push('authorization', `Bearer ${key}`)
  return out
}
