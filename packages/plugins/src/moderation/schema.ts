// The members that moderation plugins have in common (contract/ai-plugins.md §14).

export const denyCode = { type: 'integer', minimum: 200, maximum: 599, default: 200 } as const

export const failMode = { type: 'string', enum: ['skip', 'warn', 'error'], default: 'skip' } as const

/** `weir.on_service_error`: what becomes of content on which the service gives no verdict. Ours, not APISIX's. */
export const weirMember = {
  type: 'object',
  properties: { on_service_error: { type: 'string', enum: ['pass', 'block'] } },
  additionalProperties: false,
} as const

export const streamMembers = {
  stream_check_mode: { type: 'string', enum: ['realtime', 'final_packet'], default: 'final_packet' },
  stream_check_cache_size: { type: 'integer', minimum: 1, default: 128 },
  stream_check_interval: { type: 'number', minimum: 0.1, default: 3 },
  /** Ours, not APISIX's: nothing of a stream reaches the client before its verdict. */
  stream_hold_back: { type: 'boolean', default: false },
} as const

/** What the plugins that check prompts and answers by the same rules have in their configurations. */
export interface CheckConfig {
  readonly check_request: boolean
  readonly check_response: boolean
  readonly request_check_mode: 'last' | 'all'
  readonly request_check_roles: readonly ('user' | 'tool' | 'system' | 'assistant')[]
  readonly deny_code: number
  readonly fail_mode: 'skip' | 'warn' | 'error'
  readonly stream_check_mode: 'realtime' | 'final_packet'
  /** Bytes of text. */
  readonly stream_check_cache_size: number
  /** Seconds. */
  readonly stream_check_interval: number
  readonly stream_hold_back: boolean
}
