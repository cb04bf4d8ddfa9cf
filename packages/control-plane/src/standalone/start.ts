// Starts the Admin API of the API-driven standalone mode, which puts whole configurations into a store in memory.
import type { StandaloneStore } from '@weir/config-store/standalone'
import { createCipher } from '@weir/contract'
import { PluginTable } from '../admin/plugin-table.ts'
import { compileAllowList } from '../auth/allow-list.ts'
import { openKeys } from '../auth/open-keys.ts'
import { defaultLimits } from '../http/limits.ts'
import { serve } from '../http/serve.ts'
import { serverHeaderOf } from '../http/server-header.ts'
import type { ControlPlane, ControlPlaneOptions } from '../start.ts'
import { createStandaloneApp } from './app.ts'
import { Configuration } from './configuration.ts'

export interface StandaloneOptions extends Omit<ControlPlaneOptions, 'store'> {
  /** Stays the caller's. Nobody else gives it configurations. */
  readonly store: StandaloneStore
}

/** @throws when the port cannot be had, or the settings cannot be used. */
export async function startStandaloneControlPlane(options: StandaloneOptions): Promise<ControlPlane> {
  const { settings, store, log, readPlugins } = options
  const { admin } = settings.deployment
  const limits = { ...defaultLimits, ...options.limits }
  const serverHeader = serverHeaderOf(settings, options.product)
  const plugins = new PluginTable({ plugins: options.plugins, names: settings.plugins }, settings)
  const app = createStandaloneApp({
    services: {
      configuration: new Configuration(store),
      plugins,
      cipher: createCipher(settings.apisix.data_encryption.keyring),
      encryptsFields: false,
      bodyBytesMax: limits.bodyBytesMax,
      now: () => Math.floor(Date.now() / 1000),
    },
    allowed: compileAllowList(admin.allow_admin),
    checkKey: await openKeys(admin, options.keyFile, log),
    cors: admin.enable_admin_cors,
    serverHeader,
    log,
  })
  const server = await serve(app, admin, limits, serverHeader)
  return {
    address: server.address,
    initialized: Promise.resolve(),
    async reloadPlugins() {
      try {
        const read = await readPlugins?.()
        if (read) plugins.replace(read)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        log.error('the plugins cannot be reloaded', { error: why })
      }
    },
    reloadCertificates: () => server.reloadCertificates(),
    close: () => server.close(),
  }
}
