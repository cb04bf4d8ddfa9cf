// What a fake model server does with one request, and how a path says it.

export interface Usage {
  readonly prompt: number
  readonly completion: number
}

export interface ToolCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

/** Every field is optional: an empty scenario is a good answer. */
export interface Scenario {
  /** Milliseconds before anything is answered. */
  readonly delayMs?: number
  /** Never answers; closes or resets the connection without a byte; writes bytes that are no HTTP. */
  readonly fault?: 'hang' | 'close' | 'reset' | 'garbage'
  /** Default 200. From 400 on the answer is an error document unless `body` is given. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is instead of an answer made for the request. */
  readonly body?: string | Buffer
  /** `false` leaves the header out. */
  readonly contentType?: string | false
  /** The pieces of the answer's text; each is one chunk of a stream. */
  readonly words?: readonly string[]
  /** `false` leaves the usage out. */
  readonly usage?: Usage | false
  /** `false` answers a request for a stream with one JSON document. */
  readonly stream?: false
  /** Milliseconds between the chunks of a stream. */
  readonly gapMs?: number
  /** `false` leaves `data: [DONE]` out. */
  readonly done?: false
  /** Destroys the connection after so many chunks of a stream. */
  readonly cutAfterChunks?: number
  /** Says in the stream itself, after so many chunks, that something failed, and ends it. */
  readonly errorAfterChunks?: number
  /** Between the chunks of a stream there are comments and pings, and its lines end with CR and LF. */
  readonly chatty?: boolean
  /** Sends nothing more after so many chunks, and keeps the connection open. */
  readonly stallAfterChunks?: number
  /** What the model thinks before it answers, in pieces; in chats and Anthropic's messages. */
  readonly reasoning?: readonly string[]
  /** Answers with calls of tools instead of text: with these, or for `true` with one. */
  readonly tool?: boolean | readonly ToolCall[]
}

const named: Readonly<Record<string, Scenario>> = {
  ok: {},
  close: { fault: 'close' },
  reset: { fault: 'reset' },
  hang: { fault: 'hang' },
  garbage: { fault: 'garbage' },
  nonjson: { body: 'this is not JSON', contentType: 'text/plain' },
  badjson: { body: '{"choices": [ broken' },
  empty: { body: '' },
  noct: { contentType: false },
  nousage: { usage: false },
  nodone: { done: false },
  cut: { cutAfterChunks: 2 },
  stall: { stallAfterChunks: 2 },
  drip: { gapMs: 600 },
  tool: { tool: true },
  badtext: { words: ['I', ' will', ' kill', ' it'] },
  ignorestream: { stream: false },
}

/** Scenarios with a number in their name: `e429`, `h201`, `nobody204`, `slow3000`, `slow700e`. */
function numbered(name: string): Scenario | undefined {
  const parts = /^(e|h|nobody|slow)(\d{1,6})(e?)$/.exec(name)
  if (!parts) return undefined
  const number = Number(parts[2])
  if (parts[1] === 'slow') return parts[3] ? { delayMs: number, status: 500 } : { delayMs: number }
  if (parts[1] === 'nobody') return { status: number, body: '', contentType: false }
  return { status: number }
}

/**
 * Reads the scenario that a path names: `/s/NAME` what happens, `/u/P-C` the usage, `/w/N` an answer of N words
 * that all differ, `/d/MS` the pause between chunks. They may stand anywhere and together.
 * An unknown name is a mistake in a test, so it is answered with 400 and says so.
 */
export function parseScenario(path: string): Scenario {
  let scenario: Scenario = {}
  for (const [, kind, value = ''] of path.matchAll(/\/([suwd])\/([^/?]+)/g)) {
    if (kind === 's') {
      const found = named[value] ?? numbered(value)
      scenario = { ...scenario, ...(found ?? { status: 400, body: `unknown scenario ${value}` }) }
    } else if (kind === 'u') {
      const [prompt, completion] = value.split('-').map(Number)
      scenario = { ...scenario, usage: { prompt: prompt ?? 0, completion: completion ?? 0 } }
    } else if (kind === 'w') {
      scenario = { ...scenario, words: differentWords(Number(value)) }
    } else {
      scenario = { ...scenario, gapMs: Number(value) }
    }
  }
  return scenario
}

/** Words that all differ: equal chunks would be interned as one string and flatter whoever parses them. */
export function differentWords(count: number): string[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? '' : ' ') + `w${i.toString(36)}`)
}
