// OpenAI's Embeddings.
import type { ClientProtocol } from './protocol.ts'
import { openaiChat, readOpenaiUsage } from './openai-chat.ts'
import { textAt } from './read-json.ts'

const denied = (message: string) => JSON.stringify({ error: { message, type: 'content_policy_violation' } })

export const openaiEmbeddings: ClientProtocol = {
  name: 'openai-embeddings',
  hasText: true,
  isStream: () => false,
  fixUp: () => undefined,
  answersWanted: () => 1,
  media: () => ({ count: 0, bytes: 0 }),
  turnTexts(body, _mode, roles) {
    const input = textAt(body, 'input')
    return roles.includes('user') && input !== '' ? [input] : []
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
