// Who knows which session. A client's messages come by other connections than its stream, and may reach another worker
// thread than the one that holds the session: that one is asked.
import { randomUUID } from 'node:crypto'
import type { Session } from './session.ts'

/** `full`: the server takes no more, or is gone. */
export type Sent = 'sent' | 'full' | 'unknown'

type Said =
  | {
      readonly kind: 'message'
      readonly id: string
      readonly owner: string
      readonly session: string
      readonly message: string
    }
  | { readonly kind: 'taken'; readonly id: string; readonly sent: Sent }

/** Threads that do not know the session say nothing. */
const answerMs = 500
const waitingMax = 1000

/** By the document that the session belongs to: no route reaches another one's sessions. */
const owners = new Map<string, Map<string, Session>>()
const waiting = new Map<string, (sent: Sent) => void>()
let channel: BroadcastChannel | undefined

/** To be called before any session of this thread can be asked for. */
export function joinThreads(): void {
  if (channel) return
  const joined = new BroadcastChannel('weir-mcp-bridge')
  // Nobody else knows the channel.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  joined.addEventListener('message', ({ data }) => hear(joined, data as Said))
  joined.unref()
  channel = joined
}

export function sessionCount(owner: string): number {
  return owners.get(owner)?.size ?? 0
}

export function addSession(owner: string, session: Session): void {
  const sessions = owners.get(owner) ?? new Map<string, Session>()
  owners.set(owner, sessions)
  sessions.set(session.id, session)
}

export function removeSession(owner: string, session: Session): void {
  const sessions = owners.get(owner)
  sessions?.delete(session.id)
  if (sessions?.size === 0) owners.delete(owner)
}

export async function sendTo(owner: string, id: string, message: string): Promise<Sent> {
  const session = owners.get(owner)?.get(id)
  if (session) return session.send(message) ? 'sent' : 'full'
  if (!channel) return 'unknown'
  return waiting.size < waitingMax ? askOthers(channel, owner, id, message) : 'full'
}

function askOthers(to: BroadcastChannel, owner: string, session: string, message: string): Promise<Sent> {
  return new Promise((resolve) => {
    const id = randomUUID()
    const settle = (sent: Sent) => {
      clearTimeout(timer)
      waiting.delete(id)
      resolve(sent)
    }
    const timer = setTimeout(settle, answerMs, 'unknown')
    waiting.set(id, settle)
    say(to, { kind: 'message', id, owner, session, message })
  })
}

function hear(from: BroadcastChannel, said: Said): void {
  if (said.kind === 'taken') {
    waiting.get(said.id)?.(said.sent)
    return
  }
  const session = owners.get(said.owner)?.get(said.session)
  if (session) say(from, { kind: 'taken', id: said.id, sent: session.send(said.message) ? 'sent' : 'full' })
}

function say(to: BroadcastChannel, said: Said): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- between threads, no window
  to.postMessage(said)
}
