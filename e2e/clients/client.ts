// A client library as the suite sees it: each of them asks the same questions in its own words.

export const question = 'What is the weather?'

export const weather = {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { type: 'string' } },
    required: ['city'],
  },
} as const

export interface AskOptions {
  /** Offers the tool. */
  readonly tools?: boolean
  readonly signal?: AbortSignal
  /** Further tries of the client's own, default 0. */
  readonly retries?: number
}

export interface Told {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: unknown }[]
  readonly usage: { readonly prompt: number | undefined; readonly completion: number | undefined }
}

/** What the client's own error class says. */
export interface Failure {
  readonly status: number | undefined
  /** Undefined where the class has no headers. */
  readonly retryAfter: string | null | undefined
}

export interface ClientUnderTest {
  ask(options: AskOptions): Promise<Told>
  /** `onPiece` gets each piece of text, and of the arguments of tools. */
  stream(options: AskOptions, onPiece: (piece: string) => void): Promise<Told>
  /** Asks with the tool, answers its calls, and returns the text that the model says then. */
  useTool(answer: string): Promise<string>
  /** Undefined when the error is not of the class that the client has for it. */
  failure(error: unknown, status: number): Failure | undefined
  /** Whether the error says that the caller gave up. */
  isAbort(error: unknown): boolean
}

/** The arguments of a call as clients find them. */
export function parseInput(text: string): unknown {
  return JSON.parse(text) as unknown
}
