// How many tokens a message of Anthropic's would have: no model is asked, and nothing is paid for.
import { anthropicMessages } from './anthropic-messages.ts'
import type { ClientProtocol } from './protocol.ts'

export const anthropicCountTokens: ClientProtocol = {
  ...anthropicMessages,
  name: 'anthropic-count-tokens',
  isStream: () => false,
  marks: undefined,
  readEvent: () => ({}),
  answerUsage: () => ({}),
  answerText: () => '',
  answerHasToolCall: () => false,
}
