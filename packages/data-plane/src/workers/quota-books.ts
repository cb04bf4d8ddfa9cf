// What is used of the quotas: for operators who read and repair them.
import type { StoreEntry } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import {
  type AccountUse,
  type CounterPolicy,
  createCounterStores,
  createLocalCounters,
  type CounterStore,
  type CounterStores,
} from '@weir/counters'
import type { AnyPlugin, QuotaLimit } from '@weir/plugin-api'
import type { SecretState } from '@weir/secrets'
import { type HeldFamily, type Holder, QuotaDocuments } from './quota-documents.ts'

/** Accounts told of in one answer, at most. */
export const ACCOUNTS_MAX = 10_000
/** Kinds of accounts whose members are looked for in one answer: each is a walk through all keys of its store. */
const WALKS_MAX = 100
/** Accounts read at the same time. */
const BATCH = 100

/** What is undefined does not matter. */
export interface QuotaFilter {
  readonly plugin: string | undefined
  /** The document that holds the configuration, such as `/apisix/routes/1`. */
  readonly resource: string | undefined
  readonly consumer: string | undefined
  readonly instance: string | undefined
  /** What requests made of a rule's key. */
  readonly value: string | undefined
}

export interface QuotaList {
  readonly quotas: readonly object[]
  /** Whether there are more than these. */
  readonly more: boolean
}

export interface QuotaBooksOptions {
  readonly prefix: string
  readonly settings: Settings
  readonly plugins: readonly AnyPlugin[]
  /** Of this node; without them local counters are not told of. */
  readonly counters: SharedArrayBuffer | undefined
  readonly entries: () => readonly StoreEntry[] | Promise<readonly StoreEntry[]>
  /** Without it, configurations with secrets are not told of. */
  readonly findSecret?: (reference: string) => SecretState
}

/** An account, and what is known of it. */
interface Listed extends Holder {
  readonly key: string
  readonly instance?: string | undefined
  readonly value?: string
  readonly strategy: string
  readonly limit: QuotaLimit | undefined
  readonly policy: CounterPolicy
  /** Whether it is told of although nothing is used. */
  readonly isNamed: boolean
}

export class QuotaBooks {
  readonly #options: QuotaBooksOptions
  #stores: CounterStores | undefined

  constructor(options: QuotaBooksOptions) {
    this.#options = options
  }

  /** What the accounts hold, at most `max`, in the words of the configuration. @throws CounterUnavailableError */
  async read(filter: QuotaFilter, max: number): Promise<QuotaList> {
    const { accounts, isComplete } = await this.#accounts(filter, max)
    const uses = await this.#each(accounts, (account, store) => store.read(account.key))
    const quotas = accounts.flatMap((account, i) =>
      uses[i] || account.isNamed ? [toShown(account, uses[i])] : [],
    )
    return { quotas, more: !isComplete }
  }

  /** Ends the windows of the accounts: nothing is used. Resolves with how many there were. */
  async reset(filter: QuotaFilter): Promise<{ readonly reset: number; readonly more: boolean }> {
    const { accounts, isComplete } = await this.#accounts(filter, ACCOUNTS_MAX)
    const done = await this.#each(accounts, async (account, store) => {
      if (!(await store.read(account.key))) return false
      await store.reset(account.key)
      return true
    })
    return { reset: done.filter((was) => was).length, more: !isComplete }
  }

  close(): void {
    this.#stores?.close()
  }

  #store(policy: CounterPolicy): CounterStore {
    this.#stores ??= createCounterStores(createLocalCounters(this.#options.counters))
    return this.#stores.open(policy)
  }

  async #each<T>(
    accounts: readonly Listed[],
    work: (account: Listed, store: CounterStore) => T | Promise<T>,
  ): Promise<readonly T[]> {
    const results: T[] = []
    for (let i = 0; i < accounts.length; i += BATCH) {
      const batch = accounts.slice(i, i + BATCH)
      results.push(...(await Promise.all(batch.map(async (one) => work(one, this.#store(one.policy))))))
    }
    return results
  }

  async #accounts(
    filter: QuotaFilter,
    max: number,
  ): Promise<{ readonly accounts: readonly Listed[]; readonly isComplete: boolean }> {
    const documents = new QuotaDocuments(await this.#options.entries(), this.#options)
    const accounts: Listed[] = []
    if (filter.value === undefined) {
      for (const account of documents.accounts()) {
        const { limit, timeWindow } = account
        if (this.#isWanted(account, account.instance, filter))
          accounts.push({ ...account, limit: { limit, timeWindow } })
      }
    }
    let isComplete = true
    const seen = new Set<string>()
    for (const family of documents.families()) {
      const identity = JSON.stringify([family.prefix, family.policy])
      // The members of a group count together.
      if (seen.has(identity) || !this.#isWanted(family, undefined, filter)) continue
      if (filter.value === undefined && seen.size === WALKS_MAX) {
        isComplete = false
        break
      }
      seen.add(identity)
      const list = await this.#membersOf(family, filter.value, Math.max(0, max - accounts.length))
      accounts.push(...list.accounts)
      isComplete &&= list.isComplete
    }
    return { accounts: accounts.slice(0, max), isComplete: isComplete && accounts.length <= max }
  }

  async #membersOf(
    family: HeldFamily,
    value: string | undefined,
    max: number,
  ): Promise<{ readonly accounts: readonly Listed[]; readonly isComplete: boolean }> {
    const { prefix, limitOf } = family
    const { keys, isComplete } =
      value === undefined
        ? await this.#store(family.policy).list(prefix, max)
        : { keys: [prefix + value], isComplete: true }
    const accounts = keys.map((key) => {
      const rest = key.slice(prefix.length)
      return { ...family, key, value: rest, limit: limitOf(rest), isNamed: false }
    })
    return { accounts, isComplete }
  }

  #isWanted(
    { plugin, resource, consumer, policy }: Holder & { readonly policy: CounterPolicy },
    instance: string | undefined,
    filter: QuotaFilter,
  ): boolean {
    return (
      (filter.plugin === undefined || plugin === filter.plugin) &&
      (filter.resource === undefined || resource === filter.resource) &&
      (filter.consumer === undefined || consumer === filter.consumer) &&
      (filter.instance === undefined || instance === filter.instance) &&
      (this.#options.counters !== undefined || policy.policy !== 'local')
    )
  }
}

function toShown(account: Listed, use: AccountUse | undefined): object {
  const { used = 0, reserved = 0, resetMs = 0 } = use ?? {}
  const { plugin, resource, consumer, instance, value, strategy, policy, key } = account
  const { limit, timeWindow } = account.limit ?? {}
  return {
    plugin,
    resource,
    ...(consumer !== undefined && { consumer }),
    ...(instance !== undefined && { instance }),
    ...(value !== undefined && { value }),
    limit_strategy: strategy,
    ...(limit !== undefined && { limit }),
    ...(timeWindow !== undefined && { time_window: timeWindow }),
    policy: policy.policy,
    used,
    reserved,
    ...(typeof limit === 'number' && { remaining: Math.max(0, limit - used - reserved) }),
    /** Seconds until the window ends; 0 when none is open. */
    reset: Math.ceil(resetMs / 1000),
    key,
  }
}
