// The conversation of a request as Lakera Guard is asked about it.
import { readConversation, wholeConversationOf } from '@weir/llm'
import type { Awaitable, LlmExchange } from '@weir/plugin-api'
import type { GuardMessage } from './guard.ts'

/** All of it, whoever speaks. A body so long that parsing it would hold everybody else up is read elsewhere. */
export function messagesOf(llm: LlmExchange): Awaitable<readonly GuardMessage[]> {
  const { longBody, protocol } = llm
  return longBody ? readConversation(longBody, protocol.name) : wholeConversationOf(protocol.name, llm.body)
}
