// The thread that reads the texts of long JSON: see text-thread.ts.
import { parentPort } from 'node:worker_threads'
import { protocolNamed } from '../protocols/index.ts'
import { parseObject } from '../protocols/read-json.ts'
import { createScreen, type Screen, type ScreeningRules } from '../screening/screen.ts'
import type { FromTextThread, TextsWanted, ToTextThread, VerdictWanted } from './text-thread.ts'

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
  const { wanted } = message
  const result = 'rules' in wanted ? verdictOn(json, wanted) : textsOf(json, wanted)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  parentPort?.postMessage({ id: message.id, result } satisfies FromTextThread)
})

function textsOf(json: string, { protocol: name, turns }: TextsWanted): readonly string[] {
  const protocol = protocolNamed(name)
  const value = parseObject(json)
  if (!value) return []
  return turns ? protocol.turnTexts(value, turns.mode, turns.roles) : [protocol.answerText(value)]
}

function verdictOn(json: string, { protocol, rules }: VerdictWanted): FromTextThread['result'] {
  const value = parseObject(json)
  return value ? screenFor(rules).judge(protocol, value) : 'nothing_said'
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
