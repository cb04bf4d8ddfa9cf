// What the Admin API says: a status, and a JSON text or a plain one.

export type Status = 200 | 201 | 202 | 400 | 401 | 404 | 405 | 500 | 503

export interface Reply<Json = string | AsyncIterable<string>> {
  readonly status: Status
  /** JSON; a line end is added when it is sent. Long JSON comes in pieces, which are sent one by one. */
  readonly json?: Json
  /** Plain text, sent as it is, though the Content-Type still says JSON (contract: admin-api.md §3.3). */
  readonly text?: string
  /** Whether the resource logic spoke: such answers carry X-API-VERSION (contract: admin-api.md §1). */
  readonly versioned?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer of the resource logic. */
export function reply(status: Status, body: unknown): Reply {
  return { status, json: JSON.stringify(body), versioned: true }
}

/** A refusal by the resource logic. */
export function refuse(status: Status, errorMessage: string): Reply {
  return reply(status, { error_msg: errorMessage })
}

/** A refusal before, or beside, the resource logic. */
export function refuseEarly(status: Status, errorMessage: string, more: object = {}): Reply<string> {
  return { status, json: JSON.stringify({ error_msg: errorMessage, ...more }) }
}

export const keyNotFound: Reply = reply(404, { message: 'Key not found' })
