// OpenAI's Embeddings.
import type { ClientProtocol } from './protocol.ts'
import { openaiChat, readOpenaiUsage } from './openai-chat.ts'

const denied = (message: string) => JSON.stringify({ error: { message, type: 'content_policy_violation' } })

export const openaiEmbeddings: ClientProtocol = {
  name: 'openai-embeddings',
  hasText: true,
  isStream: () => false,
  fixUp: () => undefined,
  answersWanted: () => 1,
  media: () => ({ count: 0, bytes: 0 }),
  turnTexts(body, _mode, roles) {
    if (!roles.includes('user')) return []
    const { input } = body
    const texts: readonly unknown[] = Array.isArray(input) ? input : [input]
    return texts.filter((text): text is string => typeof text === 'string' && text !== '')
  },
  marks: undefined,
  readEvent: () => ({}),
  usage: (raw) => ({ ...readOpenaiUsage(raw), completionTokens: 0 }),
  answerUsage: (answer) => openaiChat.answerUsage(answer),
  answerText: () => '',
  answerHasToolCall: () => false,
  endUser: () => '',
  denyBody: denied,
  denyStream: denied,
  terminator: '',
  errorEvent: () => '',
  isDataEvent: () => false,
}
