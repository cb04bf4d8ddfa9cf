// Counts requests rather than what they cost: the windows, buckets and connections of limit-count, limit-req and
// limit-conn (common-plugins.md §3).

export interface WindowUse {
  /** With this request. */
  readonly used: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

export interface SlideDecision {
  readonly admitted: boolean
  /** Requests of the window so far, this one included if it was admitted. */
  readonly used: number
  /** What the window before weighs now. */
  readonly weighted: number
  /** Milliseconds until the window ends; of a refusal until there is room again, which may be sooner. */
  readonly resetMs: number
}

/** What a request holds while it is under way; undefined when there was no room. */
export interface Entrance {
  /** How many are under way, this one included. */
  readonly count: number
  readonly ticket: Ticket | undefined
}

export interface Ticket {
  leave(): void | Promise<void>
}

/** Every method throws, or rejects with, CounterUnavailableError when the store cannot be reached. */
export interface RequestCounters {
  /** Counts `amount` in a fixed window that starts with its first request. */
  hit(key: string, amount: number, windowSeconds: number): WindowUse | Promise<WindowUse>
  /** A sliding window, approximated by this one and the one before; a refused request does not count. */
  slide(key: string, limit: number, windowSeconds: number): SlideDecision | Promise<SlideDecision>
  /**
   * A bucket that leaks `rate` requests a second: how many are in it before this one, or undefined when these are more
   * than `burst`. Both may be fractions.
   */
  leak(key: string, rate: number, burst: number): number | undefined | Promise<number | undefined>
  /** Who does not leave is forgotten after `ttlSeconds`. */
  enter(key: string, max: number, ttlSeconds: number): Entrance | Promise<Entrance>
}

export interface SlidingWindow {
  readonly current: string
  readonly previous: string
  readonly leftMs: number
}

/** Windows stand at multiples of their length since the epoch. */
export function slidingWindow(key: string, windowSeconds: number, nowMs: number): SlidingWindow {
  const windowMs = windowSeconds * 1000
  const id = Math.floor(nowMs / windowMs)
  return {
    current: `${key}.${id}.counter`,
    previous: `${key}.${id - 1}.counter`,
    leftMs: windowMs - (nowMs - id * windowMs),
  }
}

/** The part of the window before that still counts. */
export function weightOf(previous: number, limit: number, windowSeconds: number, leftMs: number): number {
  return (Math.min(previous, limit) / (windowSeconds * 1000)) * leftMs
}

/**
 * Milliseconds until a refused request would be admitted: the window before must have lost enough of its weight, or
 * this one must be over. Hundredths of a second are rounded up, so that nobody comes too soon.
 */
export function slideWaitMs(used: number, weighted: number, limit: number, leftMs: number): number {
  const waitMs = used >= limit ? leftMs : Math.max(0, leftMs - ((limit - used) / weighted) * leftMs)
  return Math.ceil(waitMs / 10) * 10
}

export function isSlideAdmitted(used: number, weighted: number, limit: number): boolean {
  return used < limit && used + weighted < limit
}
