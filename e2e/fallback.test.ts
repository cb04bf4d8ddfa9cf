// Scenario 1 of the mission, with its own configuration: from the self-hosted models to the cloud and back.
import { type LlmServer, startLlmServer, until } from '@weir/testkit'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, curlChat, untilRouted } from './world/calls.ts'
import { missionDocument } from './world/mission.ts'
import { startEmbedded, startReplicas, type Topology } from './world/topology.ts'
import { startWebhook, type Webhook } from './world/webhook.ts'

/** The document probes every 30 s and wants two bad answers of the preferred instance: 60 s, and some slack. */
const SWITCH_TIMEOUT_MS = 75_000

interface World {
  readonly topology: Topology
  readonly cloud: LlmServer
  readonly b: LlmServer
  readonly c: LlmServer
  readonly webhook: Webhook
}

async function startWorld(start: typeof startEmbedded): Promise<World> {
  const [cloud, b, c] = await Promise.all([
    startLlmServer({ name: 'cloud' }),
    startLlmServer({ name: 'b' }),
    startLlmServer({ name: 'c' }),
  ])
  const webhook = await startWebhook()
  const topology = await start({ weir: { alerts: { webhook: webhook.url } } })
  const route = await missionDocument('fallback.route', {
    'https://dashscope.aliyuncs.com': cloud.url,
    '{CUSTOM_HOST_1}:{CUSTOM_PORT_1}': `127.0.0.1:${b.port}`,
    '{CUSTOM_NLB_HOST}:{CUSTOM_NLB_PORT}': `127.0.0.1:${c.port}`,
    '{ALIYUN_API_KEY}': 'cloud-key',
    '{CUSTOM_API_KEY}': 'key-of-b',
    '{NLB_API_KEY}': 'key-of-c',
  })
  await topology.control.put('routes', route)
  for (const plane of topology.planes) await untilRouted(`${plane.proxyUrl}/anything`)
  return { topology, cloud, b, c, webhook }
}

let worlds: readonly World[]
beforeAll(async () => {
  worlds = await Promise.all([startWorld(startEmbedded), startWorld(startReplicas)])
})
afterAll(async () => {
  await Promise.all(
    worlds.map(async ({ topology, cloud, b, c, webhook }) => {
      await topology.stop()
      await Promise.all([cloud.close(), b.close(), c.close()])
      webhook.close()
    }),
  )
})

/** Who answers, on every data plane. */
async function whoAnswers({ topology }: World): Promise<readonly string[]> {
  return Promise.all(
    topology.planes.map(async ({ proxyUrl }) => {
      const response = await chat(`${proxyUrl}/anything`, 'hi')
      const text = await response.text()
      return /Hello from mock (\w+)/.exec(text)?.[1] ?? String(response.status)
    }),
  )
}

async function untilAnswers(world: World, name: string): Promise<void> {
  await until(async () => (await whoAnswers(world)).every((answer) => answer === name), {
    timeoutMs: SWITCH_TIMEOUT_MS,
    what: `answers of ${name} through ${world.topology.name}`,
  })
}

test(
  'traffic goes to the preferred instance, falls back level by level, and returns by itself',
  { timeout: 4 * SWITCH_TIMEOUT_MS },
  async () => {
    await Promise.all(
      worlds.map(async (world) => {
        const { topology, b, c, cloud, webhook } = world
        await untilAnswers(world, 'c')
        expect(await curlChat(topology.next('/anything'), 'hi')).toMatchObject({
          status: 200,
          body: expect.stringContaining('Hello from mock c') as string,
        })

        c.setHealthy(false)
        b.setHealthy(false)
        await untilAnswers(world, 'cloud')
        c.setHealthy(true)
        await untilAnswers(world, 'c')

        const probe = c.requests.find(({ body }) => body.includes('"max_tokens":1'))
        expect(probe).toMatchObject({
          method: 'POST',
          url: '/v1/chat/completions',
          json: {
            model: 'Qwen/Qwen2.5-32B-Instruct',
            messages: [{ role: 'user', content: '0' }],
            stream: false,
          },
          headers: { 'content-type': 'application/json', authorization: 'Bearer key-of-c' },
        })
        const call = cloud.requests.at(-1)
        expect(call).toMatchObject({
          url: '/compatible-mode/v1/chat/completions',
          json: { model: 'qwen2.5-32b-instruct', messages: [{ role: 'user', content: 'hi' }] },
          headers: { authorization: 'Bearer cloud-key' },
        })
        await until(() => webhook.events.some(({ event }) => event === 'return'), {
          what: 'the alert of the return',
        })
        expect(webhook.events.map(({ event }) => event)).toEqual(
          expect.arrayContaining(['instance_health', 'fallback', 'return']),
        )
        expect(JSON.stringify(webhook.events)).not.toContain('key-of-c')
      }),
    )
  },
)

test('the official OpenAI client streams through it', async () => {
  for (const { topology } of worlds) {
    const client = new OpenAI({ baseURL: topology.next(''), apiKey: 'unused' })
    const stream = await client.post('/anything', {
      body: { messages: [{ role: 'user', content: 'hi' }], stream: true },
      stream: true,
    })
    let text = ''
    for await (const chunk of stream as AsyncIterable<OpenAI.ChatCompletionChunk>) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toContain('Hello from mock')
  }
})
