// What the moderation plugins have in common: somebody is asked about a text, and one of three things follows.
import type { Reply, RequestContext } from '@weir/plugin-api'

/** What is judged: a prompt, a complete answer, or a part of a streamed one. */
export type Subject = 'request' | 'response' | 'stream'

export type Outcome =
  /** `level` is what the service calls the risk, when it said so. */
  | { readonly is: 'passed'; readonly level?: string | undefined }
  /** `text` is what callers are told instead. */
  | { readonly is: 'denied'; readonly text: string; readonly level?: string | undefined }
  /** There is no verdict, and nothing passes without one. A stream ends with the reply's text as its error. */
  | { readonly is: 'refused'; readonly reply: Reply }

export interface Moderator {
  /** What the service's plugin calls the risk of an answer without text, if it says so. */
  readonly levelOfSilence?: string
  /** Blank texts pass unasked. Never rejects: what goes wrong is reported and has an outcome. */
  check(ctx: RequestContext, subject: Subject, text: string): Promise<Outcome>
}

export const passed: Outcome = { is: 'passed' }

/** Nobody is told more than that: why the service gave no verdict stands in the log. */
export const unavailable: Outcome = {
  is: 'refused',
  reply: { status: 503, body: { error_msg: 'content moderation is unavailable' } },
}
