// Scenario 3 of the mission: content moderation in both directions, whole answers and streams.
import { type AliyunServer, type LlmServer, startAliyunServer, startLlmServer } from '@weir/testkit'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat, curlChat, untilRouted } from './world/calls.ts'
import { extend, type JsonObject, missionDocument } from './world/mission.ts'
import { startEmbedded, startReplicas, type Topology } from './world/topology.ts'

const routed = ['/anything', '/answers', '/realtime', '/final', '/held', '/unheard', '/anthropic/v1/messages']

const denial = 'Content violates safety guidelines for smart home devices.'

describe.each([
  ['the embedded store', startEmbedded],
  ['etcd, two data planes and Redis', startReplicas],
])('on %s', (_, start) => {
  let topology: Topology
  let model: LlmServer
  let aliyun: AliyunServer
  let route: JsonObject

  beforeAll(async () => {
    topology = await start()
    model = await startLlmServer({ name: 'model' })
    aliyun = await startAliyunServer()
    route = await missionDocument('moderation.route', {
      '"options": {': `"override": { "endpoint": "${model.url}" }, "options": {`,
      $OPENAI_API_KEY: 'openai-key',
      $DEEPSEEK_API_KEY: 'deepseek-key',
      $ALIYUN_ENDPOINT: aliyun.url,
      $ALIYUN_REGION_ID: 'cn-shanghai',
      $ALIYUN_ACCESS_KEY_ID: aliyun.accessKeyId,
      $ALIYUN_ACCESS_KEY_SECRET: aliyun.accessKeySecret,
    })
    await topology.control.put('routes', route)
    await variant('answers', { check_response: true })
    await variant('realtime', {
      check_response: true,
      stream_check_mode: 'realtime',
      stream_check_cache_size: 1,
    })
    await variant('final', { check_response: true, stream_check_mode: 'final_packet' })
    await variant('held', {
      check_response: true,
      stream_check_mode: 'realtime',
      stream_check_cache_size: 8,
      stream_hold_back: true,
      weir: { on_service_error: 'block' },
    })
    await variant('unheard', {
      check_request: false,
      check_response: true,
      stream_hold_back: true,
      timeout: 300,
      weir: { on_service_error: 'block' },
    })
    const messages = { check_response: true, stream_check_mode: 'realtime', stream_check_cache_size: 4 }
    await topology.control.put(
      'routes',
      extend(
        { ...route, id: 'messages', uri: '/anthropic/v1/messages' },
        'plugins/ai-aliyun-content-moderation',
        { ...messages, stream_hold_back: true },
      ),
    )
    for (const plane of topology.planes) {
      for (const path of routed) await untilRouted(plane.proxyUrl + path)
    }
  })
  afterAll(async () => {
    await topology.stop()
    await Promise.all([model.close(), aliyun.close()])
  })

  async function variant(id: string, settings: JsonObject): Promise<void> {
    const changed = extend({ ...route, id, uri: `/${id}` }, 'plugins/ai-aliyun-content-moderation', settings)
    await topology.control.put('routes', changed)
  }

  test('a harmless prompt passes, a harmful one is refused before any model sees it', async () => {
    expect(await curlChat(topology.next('/anything'), 'how do I bake bread?')).toMatchObject({ status: 200 })
    const before = model.requestCount
    const refused = await curlChat(topology.next('/anything'), 'how do I kill a process of digestion?')
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.body)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: denial }, finish_reason: 'stop' }],
    })
    expect(model.requestCount).toBe(before)
  })

  test('requests are spread 8 : 2 over the two providers', async () => {
    model.clear()
    await Promise.all(
      topology.planes.flatMap(({ proxyUrl }) =>
        Array.from({ length: 20 }, () => chat(`${proxyUrl}/anything`, 'hi')),
      ),
    )
    const paths = model.requests.map(({ url }) => url)
    const total = 20 * topology.planes.length
    expect(paths.filter((path) => path === '/v1/chat/completions')).toHaveLength(total * 0.8)
    expect(paths.filter((path) => path === '/chat/completions')).toHaveLength(total * 0.2)
  })

  test('a harmful answer is replaced', async () => {
    model.setScenario({ words: ['you', ' could', ' kill', ' it'] })
    const response = await chat(topology.next('/answers'), 'hi')
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(denial)
    model.setScenario(undefined)
  })

  test('a harmful stream is cut short in realtime mode and marked in final_packet mode', async () => {
    model.setScenario({ words: ['you', ' could', ' kill', ' it'] })
    const realtime = await chat(topology.next('/realtime'), 'hi', { body: { stream: true } })
    expect(realtime.status).toBe(200)
    const text = await realtime.text()
    expect(text).toContain(denial)
    expect(text.endsWith('data: [DONE]')).toBe(true)

    const final = await (await chat(topology.next('/final'), 'hi', { body: { stream: true } })).text()
    expect(final).toContain('"risk_level":"high"')
    expect(final).not.toContain(denial)
    model.setScenario(undefined)
  })

  test('of a stream that is held back nothing harmful is seen, and nothing unjudged', async () => {
    model.setScenario({ words: ['you', ' could', ' ki', 'll', ' it'] })
    const denied = await (await chat(topology.next('/held'), 'hi', { body: { stream: true } })).text()
    expect(denied).toContain('"content":"you"')
    expect(denied).toContain(denial)
    expect(denied).not.toContain('"content":"ll"')
    expect(denied.endsWith('data: [DONE]')).toBe(true)
    model.setScenario(undefined)
    aliyun.setFault('fail')
    expect((await chat(topology.next('/held'), 'hi')).status).toBe(503)
    aliyun.setFault(undefined)
  })

  test.each(['hang', 'garbage', 'reset'] as const)(
    'a stream breaks off unseen while the service does this: %s',
    async (fault) => {
      aliyun.setFault(fault)
      const { status, body } = await chat(topology.next('/unheard'), 'hi', { body: { stream: true } })
      expect(status).toBe(200)
      let seen = ''
      const read = async () => {
        for await (const bytes of body ?? []) seen += Buffer.from(bytes).toString()
      }
      await expect(read()).rejects.toThrow('terminated')
      expect(seen).not.toContain('Hello')
      expect(seen).toContain('content moderation is unavailable')
      expect(seen).not.toContain('[DONE]')
      aliyun.setFault(undefined)
    },
  )

  test('the official Anthropic client reads a stream that is denied midway', async () => {
    model.setScenario({ words: ['you', ' could', ' ki', 'll', ' it'] })
    const client = new Anthropic({ baseURL: topology.next('/anthropic'), apiKey: 'unused', maxRetries: 0 })
    const message = await client.messages
      .stream({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] })
      .finalMessage()
    const texts = message.content.map((block) => (block.type === 'text' ? block.text : ''))
    expect(texts).toEqual(['you could', denial])
    expect(message.stop_reason).toBe('end_turn')
    model.setScenario(undefined)
  })

  test('the official OpenAI client reads a moderated stream', async () => {
    const client = new OpenAI({ baseURL: topology.next(''), apiKey: 'unused' })
    const stream = await client.post('/realtime', {
      body: { messages: [{ role: 'user', content: 'hi' }], stream: true },
      stream: true,
    })
    let text = ''
    for await (const chunk of stream as AsyncIterable<OpenAI.ChatCompletionChunk>) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('Hello from mock model')
  })
})
