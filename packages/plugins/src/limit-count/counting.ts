// How requests are counted: in a fixed window or a sliding one, at each request or every so often.
import { DelayedCounters, type RequestCounters } from '@weir/counters'
import type { Config } from './schema.ts'

export interface Counted {
  readonly isAdmitted: boolean
  /** After this request, never less than 0. */
  readonly remaining: number
  readonly resetMs: number
}

export interface Counting {
  count(key: string, limit: number, windowSeconds: number): Counted | Promise<Counted>
  close(): void
}

/** Stands before the keys of fixed windows. */
export const fixedWindowPrefix = 'plugin-limit-count:v1:'

export function createCounting(
  config: Config,
  counters: RequestCounters,
  failed: (error: unknown) => void,
): Counting {
  const { policy, window_type: windowType, sync_interval: interval } = config
  if (windowType === 'sliding') {
    // As in APISIX, only shared counters name the plugin (common-plugins.md §3.1).
    const prefix = policy === 'local' ? '' : 'plugin-limit-count:'
    return { count: (key, limit, seconds) => slide(counters, prefix + key, limit, seconds), close() {} }
  }
  const prefix = fixedWindowPrefix
  const delayed =
    policy !== 'local' && interval > 0 ? new DelayedCounters(counters, interval, failed) : undefined
  return {
    // A window that a variable made shorter than the interval would be over before anybody is told of it.
    count: (key, limit, seconds) =>
      hit(delayed && seconds > interval ? delayed : counters, prefix + key, limit, seconds),
    close: () => void delayed?.close(),
  }
}

function hit(
  counters: Pick<RequestCounters, 'hit'>,
  key: string,
  limit: number,
  windowSeconds: number,
): Counted | Promise<Counted> {
  const use = counters.hit(key, 1, windowSeconds)
  const judge = ({ used, resetMs }: { readonly used: number; readonly resetMs: number }): Counted => ({
    isAdmitted: used <= limit,
    remaining: Math.max(0, limit - used),
    resetMs,
  })
  return use instanceof Promise ? use.then(judge) : judge(use)
}

async function slide(
  counters: RequestCounters,
  key: string,
  limit: number,
  windowSeconds: number,
): Promise<Counted> {
  const { admitted, used, weighted, resetMs } = await counters.slide(key, limit, windowSeconds)
  const remaining = admitted ? Math.max(0, Math.floor(limit - used - weighted)) : 0
  return { isAdmitted: admitted, remaining, resetMs }
}
