// Any other JSON: forwarded as it is, to the path that the client asked for.
import type { ClientProtocol } from './protocol.ts'
import { noUsage } from '../usage.ts'

export const passthrough: ClientProtocol = {
  name: 'passthrough',
  hasText: false,
  isStream: (body) => body['stream'] === true,
  fixUp: () => undefined,
  answersWanted: () => 1,
  media: () => ({ count: 0, bytes: 0 }),
  turnTexts: () => [],
  marks: undefined,
  readEvent: () => ({}),
  usage: () => ({ ...noUsage }),
  answerUsage: () => undefined,
  answerText: () => '',
  answerHasToolCall: () => false,
  endUser: () => '',
  denyBody: () => '',
  denyStream: () => '',
  terminator: 'data: [DONE]',
  errorEvent: () => '',
  isDataEvent: () => false,
}
