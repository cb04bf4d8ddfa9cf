// Starts the control plane: the Admin API over a store.
import type { ConfigStore } from '@weir/config-store'
import { createCipher, type Settings } from '@weir/contract'
import type { AnyPlugin } from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import type { AddressInfo } from 'node:net'
import type { Admin } from './admin/admin.ts'
import { decryptDocument } from './admin/encryption.ts'
import type { PluginNames } from './admin/plugin-names.ts'
import { PluginTable } from './admin/plugin-table.ts'
import { reloadPlugins, type ReadPlugins } from './admin/reload-plugins.ts'
import { resources } from './admin/resources.ts'
import { termsOf } from './admin/terms.ts'
import { compileAllowList } from './auth/allow-list.ts'
import { openKeys } from './auth/open-keys.ts'
import { createApp } from './http/app.ts'
import { defaultLimits, type AdminLimits } from './http/limits.ts'
import { serverHeaderOf } from './http/server-header.ts'
import { serve } from './http/serve.ts'
import { Preparation } from './prepare-store.ts'
import { View } from './view/view.ts'

export interface ControlPlaneOptions {
  readonly settings: Settings
  /** Stays the caller's: closing the control plane leaves it open. */
  readonly store: ConfigStore
  /** Those that are enabled and run here. `settings.plugins` names others that documents may hold. */
  readonly plugins: readonly AnyPlugin[]
  readonly log: Logger
  /** Where the first admin key is kept when the settings name none. */
  readonly keyFile: string
  /** Name and version, as the Server header says them: `Weir/0.1.0`. */
  readonly product: string
  /** Reads the list of enabled plugins again, for PUT /plugins/reload. */
  readonly readPlugins?: ReadPlugins
  readonly limits?: Partial<AdminLimits>
}

export interface ControlPlane {
  /** Where the Admin API listens. */
  readonly address: AddressInfo
  /** Resolves when the configuration has been loaded for the first time. */
  readonly initialized: Promise<void>
  /** Reads the list of enabled plugins again, as PUT /plugins/reload does. Never rejects. */
  reloadPlugins(): Promise<void>
  /** Reads the certificates of the Admin API again. */
  reloadCertificates(): Promise<void>
  close(): Promise<void>
}

/**
 * Listens at once, whether the store can be reached or not: until it can, requests are answered 503.
 * @throws when the port cannot be had, or the settings cannot be used.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { settings, store, log } = options
  const { admin: adminSettings } = settings.deployment
  const limits = { ...defaultLimits, ...options.limits }
  const serverHeader = serverHeaderOf(settings, options.product)
  const plugins = new PluginTable({ plugins: options.plugins, names: settings.plugins }, settings)
  const encryption = {
    cipher: createCipher(settings.apisix.data_encryption.keyring),
    encryptsFields: settings.apisix.data_encryption.enable_encrypt_fields,
    plugins,
  }
  const preparation = new Preparation(store, namesOf(settings, plugins), log)
  const allowed = compileAllowList(adminSettings.allow_admin)
  const checkKey = await openKeys(adminSettings, options.keyFile, log)
  const view = new View({
    store,
    log,
    terms(name, value) {
      const resource = resources.get(name.directory)
      if (resource !== undefined) decryptDocument(resource, value, encryption)
      return termsOf(name, value, plugins)
    },
    onPossiblyEmptied: () => preparation.begin(),
  })
  const admin: Admin = { store, view, log, ...encryption, now: () => Math.floor(Date.now() / 1000) }
  const app = createApp({
    admin,
    allowed,
    checkKey,
    cors: adminSettings.enable_admin_cors,
    serverHeader,
    streamMode: settings.apisix.proxy_mode !== 'http',
    bodyBytesMax: limits.bodyBytesMax,
    log,
    reloadPlugins: () => reloadPlugins(admin, options.readPlugins),
  })
  const server = await serve(app, adminSettings, limits, serverHeader).catch((error: unknown) => {
    view.close()
    throw error
  })
  if (adminSettings.admin_api_version !== 'v3') {
    log.warn('deployment.admin.admin_api_version: only v3 is spoken here', {
      given: adminSettings.admin_api_version,
    })
  }
  preparation.begin()
  return {
    address: server.address,
    initialized: view.initialized,
    async reloadPlugins() {
      await reloadPlugins(admin, options.readPlugins)
    },
    reloadCertificates: () => server.reloadCertificates(),
    async close() {
      preparation.end()
      await server.close()
      view.close()
    },
  }
}

/** What goes to the store as the list of enabled plugins; nothing unless the settings have one. */
function namesOf({ plugins: http }: Settings, { streamNames: stream }: PluginTable): PluginNames | undefined {
  return http && { http, stream }
}
