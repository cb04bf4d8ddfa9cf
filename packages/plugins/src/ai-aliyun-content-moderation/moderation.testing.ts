// What the tests of this plugin share: a fake moderation service, and requests to LLMs.
import { openaiChat } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'
import { createInstance, createTestExchange, createTestHost } from '@weir/plugin-api/harness'
import { startAliyunServer } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterAll, beforeEach } from 'vitest'
import { aiAliyunContentModeration } from './plugin.ts'

export const secret = 'very-secret-secret'
const origins = createOrigins()
export const service = await startAliyunServer({ accessKeyId: 'id', accessKeySecret: secret })

beforeEach(() => {
  service.clear()
  service.setFault(undefined)
})
afterAll(async () => {
  await origins.close()
  await service.close()
})

export function exchangeOf(body: Record<string, unknown>, more: Partial<LlmExchange> = {}): LlmExchange {
  const made = createTestExchange({ protocol: openaiChat, body: { model: 'gpt-x', ...body } })
  return Object.assign(made, more)
}

export function asks(content: string, stream = false): LlmExchange {
  return exchangeOf({ messages: [{ role: 'user', content }], stream })
}

export function plugin(config: object = {}) {
  const host = createTestHost({ http: createHttpClient(origins) })
  const { url: endpoint } = service
  const required = { endpoint, region_id: 'cn-shanghai', access_key_id: 'id', access_key_secret: secret }
  return { host, instance: createInstance(aiAliyunContentModeration, { ...required, ...config }, host) }
}
