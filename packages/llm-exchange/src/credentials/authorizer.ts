// Credentials that are worked out for each request, or in between: tokens that expire, signatures of the bytes.
import type { Awaitable } from '@weir/plugin-api'

export interface UnsignedRequest {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** The Host header. */
  readonly host: string
  readonly body: Buffer | readonly Buffer[]
}

export interface Authorizer {
  /** Lower-case names of the headers that it sets: nobody else's are sent. */
  readonly headerNames: readonly string[]
  /** Name, value, name, value ... Rejects, or throws, with an AuthorizationError. */
  authorize(request: UnsignedRequest): Awaitable<readonly string[]>
}

/** The message goes to the client: it names no secret. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError'
}
