// The example of the case study: three consumers with quotas of their own share one model's quota.
import {
  type CounterStore,
  type CounterStores,
  createCounterStores,
  createLocalCounters,
} from '@weir/counters'
import { isReply, type QuotaSource } from '@weir/plugin-api'
import { createInstance, createTestContext, createTestHost } from '@weir/plugin-api/harness'
import { startRedis } from '@weir/testkit'
import { expect, test } from 'vitest'
import { aiConsumerRateLimiting } from '../ai-consumer-rate-limiting/plugin.ts'
import { aiRateLimiting } from '../ai-rate-limiting/plugin.ts'
import { admit, tokens, use } from './quota-harness.ts'

const model = 'qwen2.5-32b-instruct-b'

const consumers = [
  { name: 'consumer_a', limit: 10_000, used: 8_500, request: 150 },
  { name: 'consumer_b', limit: 20_000, used: 15_200, request: 320 },
  { name: 'consumer_c', limit: 5_000, used: 4_600, request: 800 },
]
const modelLimit = 50_000
const modelUsed = 49_300

test('with local counters: pass, pass, 429 by the consumer quota', async () => {
  await check({ policy: 'local' }, createCounterStores(createLocalCounters()))
})

test('with counters in Redis: pass, pass, 429 by the consumer quota', async () => {
  const redis = await startRedis()
  const stores = createCounterStores(createLocalCounters())
  try {
    await check({ policy: 'redis', redis_host: redis.host, redis_port: redis.port }, stores)
  } finally {
    stores.close()
    await redis.stop()
  }
})

async function check(policy: object, counters: CounterStores): Promise<void> {
  const modelQuota = createInstance(
    aiRateLimiting,
    {
      ...policy,
      instances: [{ name: model, limit: modelLimit, time_window: 3600 }],
      rejected_code: 429,
      limit_strategy: 'total_tokens',
    },
    createTestHost({ counters }),
  ).quota!
  const modelAccount = accountOf(modelQuota, 'anybody')
  await use(modelAccount.store, modelAccount, modelUsed)

  const outcomes = await Promise.all(
    consumers.map(async ({ name, limit, used, request }) => {
      const consumerQuota = createInstance(
        aiConsumerRateLimiting,
        {
          ...policy,
          instances: [{ name: model, limit_strategy: 'total_tokens', limit, time_window: 3600 }],
          rejected_code: 429,
          rejected_msg: 'Insufficient token, try in one hour.',
        },
        createTestHost({ counters }),
      ).quota!
      const account = accountOf(consumerQuota, name)
      await use(account.store, account, used)
      const estimate = { promptTokens: request, completionTokens: 0 }
      const outcome = await admit([modelQuota, consumerQuota], { consumer: name, instance: model, estimate })
      if (!outcome.reply) await outcome.settle(tokens(request, 0))
      return { reply: outcome.reply, store: account.store, key: account.key }
    }),
  )

  expect(outcomes.map(({ reply }) => reply?.status)).toEqual([undefined, undefined, 429])
  expect(outcomes[2]!.reply?.body).toEqual({ error_msg: 'Insufficient token, try in one hour.' })
  expect(await usedOf(outcomes)).toEqual([8_650, 15_520, 4_600])
  // The refused request has left no trace in the model's quota.
  expect(await usedOf([modelAccount])).toEqual([modelUsed + 150 + 320])
}

function accountOf(quota: QuotaSource, consumer: string) {
  const estimate = { promptTokens: 1, completionTokens: 0, answers: 1, isBounded: true }
  const asks = quota.asks(createTestContext({ consumer }), model, estimate)
  if (isReply(asks)) throw new Error('refused')
  return asks[0]!
}

async function usedOf(accounts: readonly { store: CounterStore; key: string }[]): Promise<unknown[]> {
  const uses = await Promise.all(accounts.map(async ({ store, key }) => store.read(key)))
  expect(uses.map((held) => held?.reserved)).toEqual(accounts.map(() => 0))
  return uses.map((held) => held?.used)
}
