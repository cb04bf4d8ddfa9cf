// A fixed window starts with its first use and ends after its length, as APISIX has it (ai-plugins.md §10).

/** Whether a window that ends at `endsAt` (milliseconds, 0 for none) is over. */
export function isOver(endsAt: number, now: number): boolean {
  return endsAt <= now
}

/**
 * Until when what is used now counts, in milliseconds. An open window keeps its end, except that no window is
 * ever longer than its present definition: who shortens an hour to a minute does not wait for the hour.
 */
export function windowEnd(endsAt: number, now: number, windowSeconds: number): number {
  const latest = now + windowSeconds * 1000
  return isOver(endsAt, now) || endsAt > latest ? latest : endsAt
}
