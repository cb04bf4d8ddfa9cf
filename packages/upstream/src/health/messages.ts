// What a worker and the main thread say to each other about health. Verdicts are not said: they are read.
import type { HealthEvent } from './state-machine.ts'
import type { Placement } from './verdict-view.ts'
import type { HealthWanted } from './view.ts'

/** `id` is the worker's own number for a view. */
export type FromWorker =
  | { readonly kind: 'acquire'; readonly id: number; readonly wanted: HealthWanted }
  | {
      readonly kind: 'report'
      readonly id: number
      readonly index: number
      readonly event: HealthEvent
      readonly limit: number
    }
  | { readonly kind: 'release'; readonly id: number }

export interface ToWorker {
  readonly kind: 'health'
  readonly id: number
  readonly placement: Placement
}

/** The part of a MessagePort that is used; nothing else may be said on it. */
export interface HealthPort<Out, In> {
  postMessage(message: Out): void
  on(event: 'message', listener: (message: In) => void): unknown
  off(event: 'message', listener: (message: In) => void): unknown
}
