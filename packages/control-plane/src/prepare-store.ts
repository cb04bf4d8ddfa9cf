// What a control plane writes before anybody asks it to: placeholders, and the names of the enabled plugins.
import { setTimeout as pause } from 'node:timers/promises'
import { StoreUnavailableError, type ConfigStore } from '@weir/config-store'
import type { Logger } from '@weir/telemetry'
import { updatePluginNames } from './admin/plugin-names.ts'

const FIRST_WAIT_MS = 250
const LAST_WAIT_MS = 10_000

/** Tries until the store is there, or `signal` ends it. Never rejects. */
export async function prepareStore(
  store: ConfigStore,
  pluginNames: readonly string[] | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      await store.initialize()
      await updatePluginNames(store, pluginNames)
      return
    } catch (error) {
      const expected = error instanceof StoreUnavailableError
      const why = error instanceof Error ? error.message : String(error)
      log[expected ? 'warn' : 'error']('the store is not prepared yet', { error: why })
    }
    await pause(waitMs, undefined, { signal }).catch(() => {})
  }
}
