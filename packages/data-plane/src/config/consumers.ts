// Who may call: consumers by name and by the attributes of their identities.
import { isJsonObject } from '@weir/contract'
import type { Consumer, ConsumerIdentity, ConsumerLookup, Reply } from '@weir/plugin-api'
import type { Layer } from './layer.ts'
import type { PluginSetting } from './parse-plugins.ts'

export interface ConsumerFacts {
  readonly username: string
  readonly groupId: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly credentialId: string | undefined
  /** The group's and its own plugins, its own overriding by name. */
  readonly layer: Layer
  /** Why none of its requests can be served. */
  readonly problem: Reply | undefined
}

/** A consumer together with what it brings to every route it calls. A new object whenever any of it changed. */
export class KnownConsumer implements Consumer, ConsumerFacts {
  readonly username: string
  readonly groupId: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly credentialId: string | undefined
  readonly layer: Layer
  readonly problem: Reply | undefined

  constructor(facts: ConsumerFacts) {
    this.username = facts.username
    this.groupId = facts.groupId
    this.labels = facts.labels
    this.credentialId = facts.credentialId
    this.layer = facts.layer
    this.problem = facts.problem
  }
}

/** One authentication plugin's part in a consumer or credential. */
interface Identity extends ConsumerIdentity {
  /** Names the document, and its age: of two documents with the same attribute the younger one counts. */
  readonly key: string
  readonly created: number
}

/** Identities of one document. */
export interface ConsumerDocument {
  readonly key: string
  readonly created: number
  readonly consumer: KnownConsumer
  readonly settings: readonly PluginSetting[]
}

export class ConsumerIndex implements ConsumerLookup {
  readonly #byUsername = new Map<string, KnownConsumer>()
  /** Plugin, attribute's value, identities with the one that counts last. */
  readonly #byAttribute = new Map<string, Map<string, Identity[]>>()

  byUsername(username: string): Consumer | undefined {
    return this.#byUsername.get(username)
  }

  byAttribute(plugin: string, value: string): ConsumerIdentity | undefined {
    return this.#byAttribute.get(plugin)?.get(value)?.at(-1)
  }

  add(document: ConsumerDocument): void {
    const { consumer } = document
    if (consumer.credentialId === undefined) this.#byUsername.set(consumer.username, consumer)
    for (const [plugin, value, config] of attributesOf(document)) {
      let values = this.#byAttribute.get(plugin)
      if (!values) this.#byAttribute.set(plugin, (values = new Map()))
      const rivals = values.get(value) ?? []
      rivals.push({ consumer, config, key: document.key, created: document.created })
      rivals.sort((a, b) => a.created - b.created || (a.key < b.key ? -1 : 1))
      values.set(value, rivals)
    }
  }

  remove(document: ConsumerDocument): void {
    const { consumer } = document
    if (this.#byUsername.get(consumer.username) === consumer) this.#byUsername.delete(consumer.username)
    for (const [plugin, value] of attributesOf(document)) {
      const values = this.#byAttribute.get(plugin)
      const rivals = values?.get(value)?.filter((identity) => identity.key !== document.key)
      if (rivals && rivals.length > 0) values?.set(value, rivals)
      else values?.delete(value)
    }
  }
}

/** Identities with a reference that is not resolved are skipped (etcd.md §6). */
function attributesOf({ settings }: ConsumerDocument) {
  return settings.flatMap(({ plugin, config, secrets }): [string, string, Record<string, unknown>][] => {
    if (secrets !== 'resolved') return []
    if (plugin.type !== 'auth' || plugin.uniqueAttribute === undefined || !isJsonObject(config)) return []
    const value = config[plugin.uniqueAttribute]
    return typeof value === 'string' ? [[plugin.name, value, config]] : []
  })
}
