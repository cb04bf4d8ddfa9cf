// Typed slots in which plugins leave decisions for one another.

declare const valueType: unique symbol

/** A slot of the request's state. "Find references" on the key lists every writer and reader. */
export interface StateKey<T> {
  readonly name: string
  readonly slot: number
  readonly [valueType]?: T
}

const names: string[] = []

/** Declares a slot. Call it once per key, at module level; the number of slots is the number of declarations. */
export function defineStateKey<T>(name: string): StateKey<T> {
  names.push(name)
  return { name, slot: names.length - 1 }
}

/** One request's slots. The array is made with the first `set`, so a request without shared state pays nothing. */
export class State {
  #slots: unknown[] | undefined

  get<T>(key: StateKey<T>): T | undefined {
    // The slot was filled by `set` with the same key, which is what makes the assertion true.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return this.#slots?.[key.slot] as T | undefined
  }

  set<T>(key: StateKey<T>, value: T): void {
    this.#slots ??= []
    this.#slots[key.slot] = value
  }
}

/**
 * Names (lower case) of the request headers that authenticated the client at the gateway. Whoever forwards the
 * request to another party's API leaves them out; set by authentication plugins unless
 * `weir.forward_client_credentials` is on.
 */
export const consumedHeaders = defineStateKey<readonly string[]>('consumed-headers')
/** Likewise the names of query arguments. */
export const consumedArguments = defineStateKey<readonly string[]>('consumed-arguments')

/**
 * Names of query arguments that nobody upstream may see, whoever it is (`hide_credentials`). Headers need no such
 * key: they are taken out of `ctx.request.headers`.
 */
export const hiddenArguments = defineStateKey<readonly string[]>('hidden-arguments')

/** What a cache of answers did, for the metrics. */
export interface CacheOutcome {
  readonly status: 'HIT' | 'MISS' | 'BYPASS'
  /** Of a hit. */
  readonly layer: 'exact' | 'semantic' | undefined
  /** Milliseconds that the embedding took; undefined when none was asked for. */
  readonly embeddingMs: number | undefined
}

export const cacheOutcome = defineStateKey<CacheOutcome>('cache-outcome')

/** The id under which the client, or the plugin request-id, knows the request: any text. */
export const requestId = defineStateKey<string>('request-id')

/** The trace that a request is part of (W3C Trace Context), for variables and logs. */
export interface TraceContext {
  readonly traceparent: string
  readonly traceId: string
  readonly spanId: string
}
export const traceContext = defineStateKey<TraceContext>('trace-context')

/** Names of query arguments in which somebody sent a credential, right or wrong: no log shows their values. */
export const secretArguments = defineStateKey<readonly string[]>('secret-arguments')

/** What limit-count or ai-rate-limiting said last of a request: the variable `rate_limiting_info` (routing.md §5). */
export interface RateLimitingInfo {
  readonly key: string
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

export const rateLimitingInfo = defineStateKey<RateLimitingInfo>('rate-limiting-info')

/** Set when a plugin has put an end of its own to a streamed answer: nobody keeps what the client got. */
export const answerDenied = defineStateKey<boolean>('answer-denied')

/** Set when a prompt or an answer passed without the verdict that was asked for: the next one may be judged. */
export const passedUnjudged = defineStateKey<boolean>('passed-unjudged')
