// Side calls of plugins (moderation, webhooks): small requests whose whole answer is wanted.

export interface HttpCall {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
  /** For the whole call, milliseconds. */
  readonly timeoutMs: number
  /** The answer's body may not be larger, bytes. */
  readonly maxResponseBytes: number
  readonly verifyCertificate: boolean
  readonly keepAlive?: { readonly connections: number; readonly idleMs: number } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Redirects are not followed. Rejects with UpstreamError. */
export interface HttpClient {
  call(call: HttpCall): Promise<HttpAnswer>
}
