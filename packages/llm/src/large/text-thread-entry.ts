// The thread that reads the texts of long JSON: see text-thread.ts.
import { parentPort } from 'node:worker_threads'
import { protocolNamed } from '../protocols/index.ts'
import { parseObject } from '../protocols/read-json.ts'
import type { FromTextThread, TextsWanted, ToTextThread } from './text-thread.ts'

const arrived = new Map<number, Uint8Array[]>()

parentPort?.on('message', (message: ToTextThread) => {
  const pieces = arrived.get(message.id) ?? []
  if ('piece' in message) {
    pieces.push(message.piece)
    arrived.set(message.id, pieces)
    return
  }
  arrived.delete(message.id)
  const texts = textsOf(Buffer.concat(pieces).toString(), message.wanted)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  parentPort?.postMessage({ id: message.id, texts } satisfies FromTextThread)
})

function textsOf(json: string, { protocol: name, turns }: TextsWanted): readonly string[] {
  const protocol = protocolNamed(name)
  const value = parseObject(json)
  if (!value) return []
  return turns ? protocol.turnTexts(value, turns.mode, turns.roles) : [protocol.answerText(value)]
}
