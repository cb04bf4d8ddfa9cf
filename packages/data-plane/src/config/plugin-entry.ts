// One plugin configuration in force: the instance is created when a request first needs it, and lives on through
// edits of its document that leave the configuration as it is.
import { isDeepStrictEqual } from 'node:util'
import type { AnyPlugin, PluginInstance, PluginOwner } from '@weir/plugin-api'
import type { ChainEntry, PluginMeta } from '../pipeline/types.ts'
import type { PluginSetting } from './parse-plugins.ts'
import type { OwnedHost, PluginHosts } from './plugin-host.ts'

export class PluginEntry implements ChainEntry {
  readonly plugin: AnyPlugin
  readonly meta: PluginMeta | undefined
  #life: Life

  constructor(setting: PluginSetting, owner: PluginOwner, hosts: PluginHosts) {
    this.plugin = setting.plugin
    this.meta = setting.meta
    this.#life = new Life(setting, owner, hosts)
  }

  instance(): PluginInstance {
    return this.#life.instance()
  }

  /**
   * Takes the place of `before`, the same plugin in the document's previous version. Returns whether that one is
   * left over and must be disposed of when no request uses it any more. A successor is created before its
   * predecessor goes, so that it finds what that one keeps.
   */
  succeed(before: PluginEntry): boolean {
    if (this.#life.equals(before.#life)) {
      this.#life = before.#life
      return false
    }
    if (!before.#life.begun) return false
    this.instance()
    return true
  }

  dispose(): void {
    this.#life.end()
  }
}

/** An instance from its creation to its disposal; versions of a document may share it. */
class Life {
  readonly #setting: PluginSetting
  readonly #owner: PluginOwner
  readonly #hosts: PluginHosts
  #instance: PluginInstance | undefined
  #host: OwnedHost | undefined

  constructor(setting: PluginSetting, owner: PluginOwner, hosts: PluginHosts) {
    this.#setting = setting
    this.#owner = owner
    this.#hosts = hosts
  }

  get begun(): boolean {
    return this.#instance !== undefined
  }

  equals(other: Life): boolean {
    return (
      this.#setting.plugin === other.#setting.plugin &&
      this.#setting.secrets === other.#setting.secrets &&
      isDeepStrictEqual(this.#setting.config, other.#setting.config)
    )
  }

  instance(): PluginInstance {
    return (this.#instance ??= this.#create())
  }

  end(): void {
    this.#instance?.dispose?.()
    this.#host?.release()
    this.#instance = undefined
    this.#host = undefined
  }

  #create(): PluginInstance {
    const { plugin, config, secrets } = this.#setting
    if (secrets === 'pending') return refusing(`plugin ${plugin.name} waits for its secrets`)
    // Whoever guards a route must not do so with a text that everybody may know.
    if (secrets === 'unresolved' && plugin.type === 'auth') {
      return refusing(`plugin ${plugin.name} lacks a secret`)
    }
    this.#host = this.#hosts.open(plugin, this.#owner)
    const { host } = this.#host
    try {
      return plugin.create(config, host)
    } catch (error) {
      // Fails closed: the plugin may be the one that guards the route.
      const reason = error instanceof Error ? error.message : String(error)
      const { resourceKey } = this.#owner
      host.log.error('a plugin could not be created', { plugin: plugin.name, resource: resourceKey, reason })
      return refusing(`plugin ${plugin.name} could not be started`)
    }
  }
}

function refusing(error_msg: string): PluginInstance {
  const reply = { status: 503, body: { error_msg } }
  return { rewrite: () => reply }
}
