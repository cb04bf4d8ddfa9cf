// PUT /plugins/reload (contract: admin-api.md §6).
import { StoreUnavailableError } from '@weir/config-store'
import type { AnyPlugin } from '@weir/plugin-api'
import { refuseEarly, type Reply } from '../http/reply.ts'
import type { Admin } from './admin.ts'
import { writePluginNames } from './plugin-names.ts'

/** Reads the settings again; `names` is undefined when they name no plugins. */
export type ReadPlugins = () => Promise<{
  readonly names: readonly string[] | undefined
  readonly plugins: readonly AnyPlugin[]
}>

export async function reloadPlugins(admin: Admin, read: ReadPlugins | undefined): Promise<Reply> {
  if (read !== undefined) {
    try {
      const { names, plugins } = await read()
      const { streamNames: stream } = admin.plugins
      if (names !== undefined) await writePluginNames(admin.store, { http: names, stream })
      admin.plugins.replace({ plugins, names })
      await admin.view.reindex()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      admin.log.error('the plugins cannot be reloaded', { error: why })
      const status = error instanceof StoreUnavailableError ? 503 : 400
      return refuseEarly(status, `failed to reload the plugins: ${why}`)
    }
  }
  return { status: 200, text: 'done' }
}
