// What the tests of this plugin share: a fake Aliyun, and requests to LLMs.
import { openaiChat } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'
import { createInstance, createTestExchange } from '@weir/plugin-api/harness'
import { startAliyunServer } from '@weir/testkit'
import { callingHost, judging, useService } from '../moderation/judging.testing.ts'
import { aiAliyunContentModeration } from './plugin.ts'

export const secret = 'very-secret-secret'
export const service = useService(await startAliyunServer({ accessKeyId: 'id', accessKeySecret: secret }))

export function exchangeOf(body: Record<string, unknown>, more: Partial<LlmExchange> = {}): LlmExchange {
  const made = createTestExchange({ protocol: openaiChat, body: { model: 'gpt-x', ...body } })
  return Object.assign(made, more)
}

export function plugin(config: object = {}) {
  const host = callingHost()
  const { url: endpoint } = service
  const required = { endpoint, region_id: 'cn-shanghai', access_key_id: 'id', access_key_secret: secret }
  return { host, instance: createInstance(aiAliyunContentModeration, { ...required, ...config }, host) }
}

export const judge = judging(plugin, { check_response: true })
