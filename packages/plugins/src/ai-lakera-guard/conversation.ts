// The conversation of a request as Lakera Guard is asked about it.
import { conversationOf } from '@weir/llm'
import type { Awaitable, LlmExchange } from '@weir/plugin-api'
import type { GuardMessage } from './guard.ts'

const roles = ['system', 'user', 'assistant', 'tool'] as const

/** A body so long that parsing it would hold everybody else up is read elsewhere, one message for each role. */
export function messagesOf(llm: LlmExchange): Awaitable<readonly GuardMessage[]> {
  return llm.longBody ? messagesByRole(llm) : conversationOf(llm.protocol.name, llm.body)
}

async function messagesByRole(llm: LlmExchange): Promise<readonly GuardMessage[]> {
  const messages: GuardMessage[] = []
  for (const role of roles) {
    const content = (await llm.turnTexts('all', [role])).join(' ')
    if (content !== '') messages.push({ role, content })
  }
  return messages
}
