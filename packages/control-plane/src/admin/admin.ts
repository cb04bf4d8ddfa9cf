// What every operation of the Admin API works with.
import type { ConfigStore } from '@weir/config-store'
import type { Logger } from '@weir/telemetry'
import type { View } from '../view/view.ts'
import type { Encryption } from './encryption.ts'

export interface Admin extends Encryption {
  readonly store: ConfigStore
  readonly view: View
  readonly log: Logger
  /** Unix time in seconds, as documents hold it. */
  now(): number
}
