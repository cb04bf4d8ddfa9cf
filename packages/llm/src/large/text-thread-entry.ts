// The thread that reads the texts of long JSON: see text-thread.ts.
import { parentPort } from 'node:worker_threads'
import { wholeConversationOf } from '../prompts/conversation.ts'
import { protocolNamed } from '../protocols/index.ts'
import { parseObject } from '../protocols/read-json.ts'
import { createScreen, type Screen, type ScreeningRules } from '../screening/screen.ts'
import type {
  ConversationWanted,
  FromTextThread,
  Result,
  TextsWanted,
  ToTextThread,
  VerdictWanted,
} from './text-thread.ts'

const arrived = new Map<number, Uint8Array[]>()

parentPort?.on('message', (message: ToTextThread) => {
  const pieces = arrived.get(message.id) ?? []
  if ('piece' in message) {
    pieces.push(message.piece)
    arrived.set(message.id, pieces)
    return
  }
  arrived.delete(message.id)
  const json = Buffer.concat(pieces).toString()
  const result = resultOf(json, message.wanted)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  parentPort?.postMessage({ id: message.id, result } satisfies FromTextThread)
})

function resultOf(json: string, wanted: TextsWanted | VerdictWanted | ConversationWanted): Result {
  const value = parseObject(json)
  if ('conversationOf' in wanted)
    return { messages: value ? wholeConversationOf(wanted.conversationOf, value) : [] }
  if ('rules' in wanted)
    return { verdict: value ? screenFor(wanted.rules).judge(wanted.protocol, value) : 'nothing_said' }
  if (!value) return { texts: [] }
  const { turns } = wanted
  const protocol = protocolNamed(wanted.protocol)
  return { texts: turns ? protocol.turnTexts(value, turns.mode, turns.roles) : [protocol.answerText(value)] }
}

/** Compiled once, for as many configurations as may well be in use. */
const screensMax = 64
const screens = new Map<string, Screen>()

function screenFor(rules: ScreeningRules): Screen {
  const key = JSON.stringify(rules)
  const screen = screens.get(key) ?? createScreen(rules)
  screens.delete(key)
  screens.set(key, screen)
  const [oldest] = screens.keys()
  if (screens.size > screensMax && oldest !== undefined) screens.delete(oldest)
  return screen
}
