// Clients of OpenAI's Chat Completions, endpoints of Anthropic's Messages.
import type { Conversion } from '../conversion.ts'
import { DroppedFields } from '../dropped-fields.ts'
import { readChat } from '../chat/read-chat.ts'
import { toChatCompletion, toChatError } from './answer.ts'
import { toAnthropicRequest } from './request.ts'
import { ChunksOfAnthropic } from './stream.ts'

/** The version of the API whose forms are written here. */
const version = '2023-06-01'

export const chatToAnthropic: Conversion = {
  from: 'openai-chat',
  to: 'anthropic-messages',
  request(body, { model }) {
    const dropped = new DroppedFields()
    const chat = readChat(body, dropped)
    return {
      body: toAnthropicRequest(chat, body, dropped),
      dropped: dropped.names,
      reply: {
        answer: (answer) => toChatCompletion(answer, model),
        error: toChatError,
        stream: () => new ChunksOfAnthropic(),
      },
    }
  },
  headers,
}

/**
 * Anthropic wants its version named, and its keys by another header than OpenAI's. Where the instance has such a key,
 * the client's own, which is for somebody else, stays here.
 */
function headers(list: readonly string[]): string[] {
  const out: string[] = []
  let authorization: string | undefined
  let hasKey = false
  let hasVersion = false
  for (let i = 0; i < list.length; i += 2) {
    const [name = '', value = ''] = [list[i], list[i + 1]]
    if (name.startsWith('x-stainless-') || name.startsWith('openai-')) continue
    hasKey ||= name === 'x-api-key'
    hasVersion ||= name === 'anthropic-version'
    if (name === 'authorization') authorization = value
    else out.push(name, value)
  }
  if (authorization !== undefined && !hasKey) out.push(...keyOf(authorization))
  if (!hasVersion) out.push('anthropic-version', version)
  return out
}

/** Tokens of other kinds than keys stay where they are. */
function keyOf(authorization: string): readonly string[] {
  const key = /^Bearer (sk-ant-api.*)$/i.exec(authorization)?.[1]
  return key === undefined ? ['authorization', authorization] : ['x-api-key', key]
}
