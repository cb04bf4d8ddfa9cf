// Whether an account has room. The one rule that every store applies; the Redis script says the same in Lua.
import type { Ask } from '../store.ts'

/** What is reserved by requests still under way counts as used (architecture.md §6). */
export function isAdmitted(ask: Ask, used: number, reserved: number): boolean {
  const taken = used + reserved
  return ask.admission === 'fits' ? taken + (ask.least ?? ask.amount) <= ask.limit : taken < ask.limit
}

/** What an admitted request gets: what it asks for, lowered to the room that is left if it may be. */
export function grantedAmount(ask: Ask, used: number, reserved: number): number {
  const { amount, least } = ask
  if (least === undefined) return amount
  return Math.max(least, Math.min(amount, ask.limit - used - reserved))
}
