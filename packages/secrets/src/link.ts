// What the registry and a serving thread say to each other.
import type { MessagePort } from 'node:worker_threads'

/** What is known of a reference. `unresolved` may change, as everything may. */
export type SecretState = { readonly value: string } | 'pending' | 'unresolved'

/** References with their values; undefined: unresolved. */
export type SecretNews = readonly (readonly [reference: string, value: string | undefined])[]

export interface SecretWishes {
  readonly wanted: readonly string[]
  readonly released: readonly string[]
}

/** A thread's way to the registry. */
export interface SecretLink {
  wish(wishes: SecretWishes): void
  /** Tells what each wanted reference stands for, and whenever it stands for something else. Never at once. */
  listen(told: (news: SecretNews) => void): void
}

/** The link of a worker thread; the port's other end is what `SecretRegistry.serve` was given. */
export function linkThrough(port: MessagePort): SecretLink {
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
    wish: (wishes) => port.postMessage(wishes),
    listen: (told) => void port.on('message', told),
  }
}
