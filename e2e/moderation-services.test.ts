// The moderation services of others than Aliyun, on two workers: each loads Amazon's client in a thread of its own.
import {
  type ComprehendServer,
  type LakeraServer,
  type LlmServer,
  startComprehendServer,
  startLakeraServer,
  startLlmServer,
} from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat, untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let model: LlmServer
let comprehend: ComprehendServer
let lakera: LakeraServer

beforeAll(async () => {
  ;[weir, model, comprehend, lakera] = await Promise.all([
    startWeir({ workers: 2 }),
    startLlmServer({ name: 'model' }),
    startComprehendServer(),
    startLakeraServer(),
  ])
  const aiProxy = {
    provider: 'openai-compatible',
    auth: { header: { Authorization: 'Bearer sk-up' } },
    override: { endpoint: `${model.url}/v1/chat/completions` },
  }
  await weir.put('routes/aws', {
    uri: '/aws',
    plugins: {
      'ai-proxy': aiProxy,
      'ai-aws-content-moderation': {
        comprehend: {
          access_key_id: comprehend.accessKeyId,
          secret_access_key: comprehend.secretAccessKey,
          region: 'us-east-1',
          endpoint: comprehend.url,
        },
        check_response: true,
        stream_hold_back: true,
        deny_code: 400,
      },
    },
  })
  await weir.put('routes/lakera', {
    uri: '/lakera',
    plugins: {
      'ai-proxy': aiProxy,
      'ai-lakera-guard': {
        api_key: lakera.apiKey,
        lakera_endpoint: `${lakera.url}/v2/guard`,
        direction: 'both',
        deny_code: 400,
      },
    },
  })
  for (const path of ['/aws', '/lakera']) await untilRouted(weir.proxyUrl + path)
})
afterAll(async () => {
  await Promise.all([weir.stop(), model.close(), comprehend.close(), lakera.close()])
})

describe.each(['/aws', '/lakera'])('%s', (path) => {
  test('judges prompts', async () => {
    for (let i = 0; i < 6; i++) {
      expect((await chat(weir.proxyUrl + path, 'how do I bake bread?')).status).toBe(200)
      expect((await chat(weir.proxyUrl + path, 'how do I kill it?')).status).toBe(400)
    }
  })

  test('judges answers and streams before anybody sees them', async () => {
    model.setScenario({ words: ['you', ' could', ' ki', 'll', ' it'] })
    expect((await chat(weir.proxyUrl + path, 'hi')).status).toBe(400)
    const stream = await chat(weir.proxyUrl + path, 'hi', { body: { stream: true } })
    expect(stream.status).toBe(200)
    const text = await stream.text()
    expect(text).not.toContain('you')
    expect(text.endsWith('data: [DONE]')).toBe(true)
    model.setScenario(undefined)
    const fine = await chat(weir.proxyUrl + path, 'hi', { body: { stream: true } })
    expect(await fine.text()).toContain('Hello')
  })
})

test('what was asked is neither in metrics nor in the log', async () => {
  expect(await weir.metrics()).not.toContain('bread')
  const said = weir.process.stdout + weir.process.stderr
  expect(said).not.toContain('bread')
  expect(said).not.toContain(comprehend.secretAccessKey)
})

test('the gateway ends by itself, with the threads of Amazon’s client', async () => {
  expect(await weir.stop()).toMatchObject({ code: 0 })
})
