// A fixed window starts with its first use and ends after its length, as APISIX has it (ai-plugins.md §10).

/** Whether a window that ends at `endsAt` (milliseconds, 0 for none) is over. */
export function isOver(endsAt: number, now: number): boolean {
  return endsAt <= now
}

/**
 * Until when what is used now counts, in milliseconds. An open window keeps its end, whatever length a later request
 * asks for: where clients say the length, nobody ends a window by naming a short one.
 */
export function windowEnd(endsAt: number, now: number, windowSeconds: number): number {
  return isOver(endsAt, now) ? now + windowSeconds * 1000 : endsAt
}
