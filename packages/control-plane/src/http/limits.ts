// What one client may cost the Admin API.

export interface AdminLimits {
  /** Largest request body, in bytes (contract: admin-api.md §1). */
  readonly bodyBytesMax: number
  /** Largest request head, in bytes; larger ones are answered 431. */
  readonly headerBytesMax: number
  /** Time for a whole request head to arrive; 408 after it. */
  readonly headersTimeoutMs: number
  /** Time for a whole request to arrive; 408 after it. */
  readonly requestTimeoutMs: number
  /** How often the two times above are looked at. */
  readonly checkIntervalMs: number
  /** Connections on which nothing moves for so long are closed, also while an answer is not being read. */
  readonly socketTimeoutMs: number
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveTimeoutMs: number
  /** Further connections are closed at once. */
  readonly connectionsMax: number
}

export const defaultLimits: AdminLimits = {
  bodyBytesMax: 1_572_864,
  headerBytesMax: 32_768,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  checkIntervalMs: 2_000,
  socketTimeoutMs: 120_000,
  keepAliveTimeoutMs: 60_000,
  connectionsMax: 4_096,
}
