// Reads the texts of long JSON in a thread of its own: whoever checks texts needs them parsed, and parsing sixty
// megabytes holds a thread up for a second.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { CanonicalMessage } from '../prompts/conversation.ts'
import type { CheckedRole, ProtocolName } from '../protocols/protocol.ts'
import type { ScreeningRules, Verdict } from '../screening/screen.ts'

/** What is to be read of one text. */
export interface TextsWanted {
  readonly protocol: ProtocolName
  /** Of a request, the selected turns; of an answer, its text. */
  readonly turns: { readonly mode: 'last' | 'all'; readonly roles: readonly CheckedRole[] } | undefined
}

/** What is to be judged of one request. */
export interface VerdictWanted {
  readonly protocol: ProtocolName
  readonly rules: ScreeningRules
}

/** All that is said in one request, in the shape of `wholeConversationOf`. */
export interface ConversationWanted {
  readonly conversationOf: ProtocolName
}

type Wanted = TextsWanted | VerdictWanted | ConversationWanted

/** To the thread: a piece, or that all pieces are there. */
export type ToTextThread =
  | { readonly id: number; readonly piece: Uint8Array }
  | { readonly id: number; readonly wanted: Wanted }

export type Result =
  | { readonly texts: readonly string[] }
  | { readonly verdict: Verdict }
  | { readonly messages: readonly CanonicalMessage[] }

export interface FromTextThread {
  readonly id: number
  readonly result: Result
}

/** Bytes that may wait to be read, of all texts together. */
const waitingBytesMax = 256 * 1024 * 1024
/** Bytes copied in one turn of the event loop. */
const turnBytesMax = 1024 * 1024
/** Of the thread. Parsed JSON takes ten times its bytes and more. */
const heapMegabytesMax = 1024

interface Waiting {
  readonly resolve: (result: Result) => void
  readonly reject: (reason: Error) => void
}

let thread: Worker | undefined
let lastId = 0
let waitingBytes = 0
const waiting = new Map<number, Waiting>()

/** Rejects when too much waits already, or the thread fails. No texts when it is no JSON object. */
export async function readTexts(pieces: readonly Buffer[], wanted: TextsWanted): Promise<readonly string[]> {
  const result = await ask(pieces, wanted)
  return 'texts' in result ? result.texts : []
}

/** The verdict on a long request, as `createScreen` has it. Rejects as `readTexts` does. */
export async function screenPieces(pieces: readonly Buffer[], wanted: VerdictWanted): Promise<Verdict> {
  const result = await ask(pieces, wanted)
  if (!('verdict' in result)) throw new Error('the reader of long texts gave no verdict')
  return result.verdict
}

/** `wholeConversationOf` of a long request; no messages when it is no JSON object. Rejects as `readTexts` does. */
export async function readConversation(
  pieces: readonly Buffer[],
  protocol: ProtocolName,
): Promise<readonly CanonicalMessage[]> {
  const result = await ask(pieces, { conversationOf: protocol })
  if (!('messages' in result)) throw new Error('the reader of long texts gave no messages')
  return result.messages
}

async function ask(pieces: readonly Buffer[], wanted: Wanted): Promise<Result> {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  if (waitingBytes + bytes > waitingBytesMax) throw new Error('too many long texts wait to be read')
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const id = ++lastId
  waiting.set(id, { resolve, reject })
  waitingBytes += bytes
  try {
    await send((thread ??= start()), id, pieces, wanted)
    return await promise
  } finally {
    waiting.delete(id)
    waitingBytes -= bytes
  }
}

async function send(to: Worker, id: number, pieces: readonly Buffer[], wanted: Wanted): Promise<void> {
  let turnBytes = 0
  for (const bytes of pieces) {
    const piece = new Uint8Array(bytes)
    to.postMessage({ id, piece } satisfies ToTextThread, [piece.buffer])
    turnBytes += piece.length
    if (turnBytes < turnBytesMax) continue
    turnBytes = 0
    await nextTurn()
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  to.postMessage({ id, wanted } satisfies ToTextThread)
}

/** It stays for the next long text, and holds nobody up who wants to end. */
function start(): Worker {
  const started = new Worker(new URL('text-thread-entry.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  })
  started.unref()
  started.on('message', ({ id, result }: FromTextThread) => waiting.get(id)?.resolve(result))
  started.on('error', (cause) => failAll(started, cause))
  started.on('exit', () => failAll(started, undefined))
  return started
}

function failAll(ended: Worker, cause: unknown): void {
  if (thread !== ended) return
  thread = undefined
  for (const { reject } of waiting.values()) reject(new Error('the reader of long texts ended', { cause }))
}
