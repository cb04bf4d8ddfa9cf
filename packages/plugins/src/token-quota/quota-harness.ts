// For tests: one request through quota plugins as the LLM exchange takes it, without a model behind it.
import {
  type Ask,
  type CounterPolicy,
  type CounterStore,
  type CounterStores,
  CounterUnavailableError,
  createCounterStores,
  createLocalCounters,
  type Lease,
} from '@weir/counters'
import { noUsage, type UsageReport } from '@weir/llm'
import { isReply, type QuotaAsk, type QuotaEstimate, type QuotaSource, type Reply } from '@weir/plugin-api'
import { createTestContext, type TestContext, type TestContextOptions } from '@weir/plugin-api/harness'

const LEASE_MS = 60_000

export interface QuotaRequest extends TestContextOptions {
  readonly instance?: string
  readonly estimate?: Partial<QuotaEstimate>
}

export interface QuotaOutcome {
  readonly ctx: TestContext
  /** The refusal, if it was refused. */
  readonly reply: Reply | undefined
  /** Whether an unlimited or degraded request passed without a reservation. */
  readonly isMetered: boolean
  header(name: string): string | undefined
  settle(usage: Partial<UsageReport>): Promise<void>
}

/** Asks all sources for one instance: consumer level first, all or nothing per store. */
export async function admit(
  quotas: readonly QuotaSource[],
  request: QuotaRequest = {},
): Promise<QuotaOutcome> {
  const { instance = 'hi', estimate } = request
  const ctx = createTestContext(request)
  const expected = { promptTokens: 1, completionTokens: 0, answers: 1, isBounded: true, ...estimate }
  const held: { store: CounterStore; lease: Lease; asks: readonly QuotaAsk[] }[] = []

  const outcome = (reply: Reply | undefined): QuotaOutcome => ({
    ctx,
    reply,
    isMetered: held.length > 0,
    header: (name) => ctx.responseHeader(name) ?? reply?.headers?.[name],
    async settle(usage) {
      const report: UsageReport = { ...noUsage, source: 'reported', ...usage }
      for (const { store, lease, asks } of held)
        await store.settle(
          lease,
          asks.map((ask) => ask.cost(report) ?? 0),
        )
    },
  })

  for (const quota of quotas.toSorted((a, b) => (a.level < b.level ? -1 : 1))) {
    const asks = quota.asks(ctx, instance, expected)
    if (isReply(asks)) return outcome(asks)
    const [first] = asks
    if (!first) continue
    try {
      const decision = await first.store.reserve(asks, LEASE_MS)
      quota.decided(ctx, instance, decision.states, decision.admitted ? -1 : decision.refused)
      if (!decision.admitted) {
        for (const { store, lease } of held)
          await store.settle(
            lease,
            lease.asks.map(() => 0),
          )
        return outcome(quota.refusal(ctx, instance, decision.states[decision.refused]!))
      }
      held.push({ store: first.store, lease: decision.lease, asks })
    } catch (error) {
      if (!(error instanceof CounterUnavailableError)) throw error
      const reply = quota.unavailable(ctx, error)
      if (reply) return outcome(reply)
    }
  }
  return outcome(undefined)
}

/** Tokens as a provider reports them. */
export function tokens(promptTokens: number, completionTokens: number): Partial<UsageReport> {
  return {
    promptTokens,
    completionTokens,
    totalTokens: promptTokens + completionTokens,
    raw: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  }
}

/** Stores whose local clock a test can turn. */
export function createTestStores(): CounterStores & { wait(ms: number): void; local: CounterStore } {
  let time = 1_000_000
  const local = createLocalCounters(undefined, () => time)
  return { ...createCounterStores(local), local, wait: (ms) => void (time += ms) }
}

/** Stores that put every policy into one place, for what is the same whatever the policy. */
export function storesOf(store: CounterStore): CounterStores {
  return {
    open: (_policy: CounterPolicy) => store,
    requests: (policy) => createTestStores().requests(policy),
    commands: (policy) => createTestStores().commands(policy),
    close: () => {},
  }
}

/** An account's use as if requests had been answered before. */
export async function use(store: CounterStore, ask: Ask, used: number): Promise<void> {
  const decision = await store.reserve([{ ...ask, amount: 0, admission: 'remaining' }], LEASE_MS)
  if (!decision.admitted) throw new Error(`${ask.key} is used up`)
  await store.settle(decision.lease, [used])
}
