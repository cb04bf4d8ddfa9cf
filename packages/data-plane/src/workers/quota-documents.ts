// Which quotas follow from the documents of a store: those of consumers and instances by name, and those that requests
// name by what they begin with.
import type { StoreEntry } from '@weir/config-store'
import {
  type Cipher,
  createCipher,
  decryptFields,
  isJsonObject,
  type JsonObject,
  type Settings,
} from '@weir/contract'
import type { AnyPlugin, QuotaAccount, QuotaFamily } from '@weir/plugin-api'
import type { SecretState } from '@weir/secrets'
import { type ReferenceSources, Resolution } from '../config/references.ts'

export interface Holder {
  readonly plugin: string
  /** `/apisix/routes/1`: the document that holds the configuration. */
  readonly resource: string
  readonly consumer: string | undefined
}

export type HeldAccount = QuotaAccount & Holder
export type HeldFamily = QuotaFamily & Holder

export interface QuotaDocumentsOptions {
  readonly prefix: string
  readonly settings: Settings
  readonly plugins: readonly AnyPlugin[]
  readonly findSecret?: (reference: string) => SecretState
}

export class QuotaDocuments {
  readonly #documents: readonly Document[]
  readonly #plugins: readonly AnyPlugin[]
  readonly #prefix: string
  readonly #cipher: Cipher
  readonly #references: ReferenceSources

  constructor(entries: readonly StoreEntry[], options: QuotaDocumentsOptions) {
    const { prefix, settings, plugins, findSecret } = options
    this.#documents = documentsOf(entries)
    this.#plugins = plugins.filter(
      (plugin) => plugin.quotaAccounts !== undefined || plugin.quotaFamilies !== undefined,
    )
    this.#prefix = prefix
    this.#cipher = createCipher(settings.apisix.data_encryption.keyring)
    this.#references = { environment: process.env, findSecret }
  }

  accounts(): readonly HeldAccount[] {
    const instances = instancesOf(this.#documents)
    return this.#documents.flatMap((document) =>
      this.#configsOf(document).flatMap(({ plugin, config }) =>
        ownersOf(document, this.#documents, this.#prefix).flatMap(
          ({ resource, consumer, credential, member }) => {
            if (member?.plugins[plugin.name] !== undefined) return []
            const place = { resourceKey: resource, consumer, credential, instances }
            const accounts = plugin.quotaAccounts?.(config, place) ?? []
            return accounts.map((account) => ({ ...account, plugin: plugin.name, resource, consumer }))
          },
        ),
      ),
    )
  }

  families(): readonly HeldFamily[] {
    return this.#documents.flatMap((document) =>
      this.#configsOf(document).flatMap(({ plugin, config }) => {
        const resource = this.#prefix + document.key
        const [, kind, id] = document.key.split('/')
        const consumer = kind === 'consumers' ? id : undefined
        const families = plugin.quotaFamilies?.(config, resource) ?? []
        return families.map((family) => ({ ...family, plugin: plugin.name, resource, consumer }))
      }),
    )
  }

  #configsOf(document: Document): readonly { readonly plugin: AnyPlugin; readonly config: unknown }[] {
    return this.#plugins.flatMap((plugin) => {
      const config = this.#configOf(plugin, document)
      return config === undefined ? [] : [{ plugin, config }]
    })
  }

  /** As data planes see it; undefined when there is none in force, as while a secret is not known. */
  #configOf(plugin: AnyPlugin, { plugins }: Document): unknown {
    const raw = plugins[plugin.name]
    if (!isJsonObject(raw)) return undefined
    const { _meta: meta, ...own } = raw
    if (isJsonObject(meta) && meta['disable'] === true) return undefined
    const parsed = plugin.schema.parse(decryptFields(own, plugin.encryptFields ?? [], this.#cipher))
    if (!parsed.ok) return undefined
    const resolution = new Resolution(this.#references)
    const config = resolution.resolve(parsed.value)
    return resolution.isPending ? undefined : config
  }
}

interface Document {
  readonly key: string
  readonly document: JsonObject
  readonly plugins: JsonObject
}

function documentsOf(entries: readonly StoreEntry[]): readonly Document[] {
  return entries.flatMap(({ key, value }): Document[] => {
    const document = parse(value)
    if (!document) return []
    const { plugins } = document
    return [{ key, document, plugins: isJsonObject(plugins) ? plugins : {} }]
  })
}

interface Owner {
  readonly resource: string
  readonly consumer: string | undefined
  readonly credential: string | undefined
  /** Of a group; what it configures itself takes the place of the group's. */
  readonly member: Document | undefined
}

/** Whose accounts a document's quotas are: of a group, each of its consumers has its own. */
function ownersOf(document: Document, all: readonly Document[], prefix: string): readonly Owner[] {
  const resource = prefix + document.key
  const [, kind = '', id = '', , credential] = document.key.split('/')
  if (kind === 'consumers') return [{ resource, consumer: id, credential, member: undefined }]
  const alone = { resource, consumer: undefined, credential: undefined, member: undefined }
  if (kind !== 'consumer_groups') return [alone]
  return all
    .filter((one) => one.key.startsWith('/consumers/') && String(one.document['group_id']) === id)
    .map((member) => ({ ...alone, consumer: member.key.split('/')[2], member }))
}

/** All names under which LLM instances are metered. */
function instancesOf(documents: readonly Document[]): readonly string[] {
  const names = new Set<string>()
  for (const { plugins } of documents) {
    const single = plugins['ai-proxy']
    if (isJsonObject(single) && typeof single['provider'] === 'string')
      names.add(`ai-proxy-${single['provider']}`)
    const multi = plugins['ai-proxy-multi']
    const instances: unknown = isJsonObject(multi) ? multi['instances'] : undefined
    for (const instance of Array.isArray(instances) ? (instances as unknown[]) : []) {
      if (isJsonObject(instance) && typeof instance['name'] === 'string') names.add(instance['name'])
    }
  }
  return [...names]
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
