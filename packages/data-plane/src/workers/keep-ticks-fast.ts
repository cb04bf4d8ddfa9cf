// Keeps `process.nextTick` fast, which every request and every chunk of a stream goes through several times.
import { executionAsyncResource } from 'node:async_hooks'

let kept: object | undefined

/**
 * Node makes an object for every tick. Once a full garbage collection has found none of them alive, V8 has forgotten
 * their shape, takes the next ones for something else, and from then on builds them property by property at eight
 * times the cost of a tick, for as long as the thread lives. So one is kept. Call it early in each thread.
 */
export function keepTicksFast(): void {
  if (kept) return
  process.nextTick(() => {
    // While a tick runs, Node's object for it is its async resource.
    kept = executionAsyncResource()
  })
}
