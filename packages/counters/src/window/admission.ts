// Whether an account has room. The one rule that every store applies; the Redis script says the same in Lua.
import type { Ask } from '../store.ts'

/** What is reserved by requests still under way counts as used (architecture.md §6). */
export function isAdmitted(ask: Ask, used: number, reserved: number): boolean {
  const taken = used + reserved
  return ask.admission === 'fits' ? taken + ask.amount <= ask.limit : taken < ask.limit
}
