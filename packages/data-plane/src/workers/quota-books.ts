// The quotas that follow from the documents, and what is used of them: for operators who read and repair them.
import type { StoreEntry } from '@weir/config-store'
import { createCipher, decryptFields, isJsonObject, type JsonObject, type Settings } from '@weir/contract'
import { type AccountUse, createCounterStores, createLocalCounters, type CounterStores } from '@weir/counters'
import type { AnyPlugin, QuotaAccount } from '@weir/plugin-api'
import { Resolution } from '../config/references.ts'

/** Accounts told of in one answer. */
const ACCOUNTS_MAX = 10_000

export interface QuotaFilter {
  readonly consumer: string | undefined
  readonly instance: string | undefined
}

export interface QuotaBooksOptions {
  readonly prefix: string
  readonly settings: Settings
  readonly plugins: readonly AnyPlugin[]
  /** Of this node; without them local counters are not told of. */
  readonly counters: SharedArrayBuffer | undefined
  readonly entries: () => readonly StoreEntry[] | Promise<readonly StoreEntry[]>
}

interface Listed extends QuotaAccount {
  readonly plugin: string
  readonly resource: string
  readonly consumer: string | undefined
}

export class QuotaBooks {
  readonly #options: QuotaBooksOptions
  readonly #plugins: readonly AnyPlugin[]
  #stores: CounterStores | undefined

  constructor(options: QuotaBooksOptions) {
    this.#options = options
    this.#plugins = options.plugins.filter((plugin) => plugin.quotaAccounts !== undefined)
  }

  /** What the accounts hold, in the words of the configuration. @throws CounterUnavailableError */
  async read(filter: QuotaFilter): Promise<readonly object[]> {
    const shown = []
    for (const account of await this.#accounts(filter)) {
      const use = await this.#store(account).read(account.key)
      if (use || account.isNamed) shown.push(toShown(account, use))
    }
    return shown
  }

  /** Ends the windows of the accounts: nothing is used. Resolves with how many there were. */
  async reset(filter: QuotaFilter): Promise<number> {
    let count = 0
    for (const account of await this.#accounts(filter)) {
      const store = this.#store(account)
      if (!(await store.read(account.key))) continue
      await store.reset(account.key)
      count++
    }
    return count
  }

  close(): void {
    this.#stores?.close()
  }

  #store({ policy }: QuotaAccount) {
    this.#stores ??= createCounterStores(createLocalCounters(this.#options.counters))
    return this.#stores.open(policy)
  }

  async #accounts({ consumer, instance }: QuotaFilter): Promise<readonly Listed[]> {
    const documents = documentsOf(await this.#options.entries())
    const instances = instancesOf(documents)
    const accounts = documents.flatMap((document) =>
      ownersOf(document, documents, this.#options.prefix).flatMap((owner) =>
        this.#plugins.flatMap((plugin) => {
          const config = this.#configOf(plugin, document)
          if (config === undefined || (owner.isGroup && overrides(owner.member, plugin.name))) return []
          const { resource, credential } = owner
          const place = { resourceKey: resource, consumer: owner.consumer, credential, instances }
          return (plugin.quotaAccounts?.(config, place) ?? []).map((account) => ({
            ...account,
            plugin: plugin.name,
            resource,
            consumer: owner.consumer,
          }))
        }),
      ),
    )
    return accounts
      .filter(
        (account) =>
          (consumer === undefined || account.consumer === consumer) &&
          (instance === undefined || account.instance === instance) &&
          (this.#options.counters !== undefined || account.policy.policy !== 'local'),
      )
      .slice(0, ACCOUNTS_MAX)
  }

  #configOf(plugin: AnyPlugin, { plugins }: Document): unknown {
    const raw = plugins[plugin.name]
    if (!isJsonObject(raw)) return undefined
    const { keyring } = this.#options.settings.apisix.data_encryption
    const plain = decryptFields(raw, plugin.encryptFields ?? [], createCipher(keyring))
    const parsed = plugin.schema.parse(new Resolution({ environment: process.env }).resolve(plain))
    return parsed.ok ? parsed.value : undefined
  }
}

function documentsOf(entries: readonly StoreEntry[]): readonly Document[] {
  return entries.flatMap(({ key, value }): Document[] => {
    const document = parse(value)
    if (!document) return []
    const { plugins } = document
    return [{ key, document, plugins: isJsonObject(plugins) ? plugins : {} }]
  })
}

interface Document {
  readonly key: string
  readonly document: JsonObject
  readonly plugins: JsonObject
}

interface Owner {
  readonly resource: string
  readonly consumer: string | undefined
  readonly credential: string | undefined
  readonly isGroup: boolean
  readonly member: Document | undefined
}

/** Whose accounts a document's quotas are: of a group, each of its consumers has its own. */
function ownersOf(document: Document, all: readonly Document[], prefix: string): readonly Owner[] {
  const resource = prefix + document.key
  const [, kind = '', id = '', , credential] = document.key.split('/')
  const alone = { resource, credential, isGroup: false, member: undefined }
  if (kind === 'consumers') return [{ ...alone, consumer: id }]
  if (kind !== 'consumer_groups') return [{ ...alone, credential: undefined, consumer: undefined }]
  return all
    .filter((one) => one.key.startsWith('/consumers/') && String(one.document['group_id']) === id)
    .map((member) => {
      const consumer = member.key.split('/')[2]
      return { resource, consumer, credential: undefined, isGroup: true, member }
    })
}

function overrides(member: Document | undefined, plugin: string): boolean {
  return member?.plugins[plugin] !== undefined
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

function toShown(account: Listed, use: AccountUse | undefined): object {
  const { used = 0, reserved = 0, resetMs = 0 } = use ?? {}
  const { plugin, resource, consumer, instance, strategy, limit, timeWindow, policy, key } = account
  return {
    plugin,
    resource,
    ...(consumer !== undefined && { consumer }),
    ...(instance !== undefined && { instance }),
    limit_strategy: strategy,
    limit,
    time_window: timeWindow,
    policy: policy.policy,
    used,
    reserved,
    ...(typeof limit === 'number' && { remaining: Math.max(0, limit - used - reserved) }),
    /** Seconds until the window ends; 0 when none is open. */
    reset: Math.ceil(resetMs / 1000),
    key,
  }
}
