// ai-cache in a running gateway with two workers: what is answered again, to whom, and what is never kept.
import {
  type AliyunServer,
  type LlmServer,
  type Redis,
  type SearchRedis,
  startAliyunServer,
  startLlmServer,
  startRedis,
  startSearchRedis,
  until,
} from '@weir/testkit'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { chat, type ChatOptions, untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let redis: Redis
let search: SearchRedis
let model: LlmServer
let aliyun: AliyunServer

beforeAll(async () => {
  ;[redis, search, model, aliyun] = await Promise.all([
    startRedis(),
    startSearchRedis(),
    startLlmServer({ name: 'model' }),
    startAliyunServer(),
  ])
  weir = await startWeir({ workers: 2 })
  const proxy = { provider: 'openai-compatible', auth: {}, override: { endpoint: model.url } }
  const cache = {
    redis_host: redis.host,
    redis_port: redis.port,
    bypass_on: [{ header: 'X-Fresh', equals: 'yes' }],
  }
  const routes: Readonly<Record<string, object>> = {
    plain: { 'ai-proxy': proxy, 'ai-cache': cache, prometheus: {} },
    // One answer's worth.
    limited: {
      'ai-proxy': proxy,
      'ai-cache': cache,
      'ai-rate-limiting': { limit: 1, time_window: 3600, rejected_code: 429 },
    },
    moderated: {
      'ai-proxy': proxy,
      'ai-cache': cache,
      'ai-aliyun-content-moderation': {
        endpoint: aliyun.url,
        region_id: 'cn-shanghai',
        access_key_id: aliyun.accessKeyId,
        access_key_secret: aliyun.accessKeySecret,
        check_response: true,
        stream_check_mode: 'realtime',
        stream_check_cache_size: 1,
      },
    },
    keyed: { 'ai-proxy': proxy, 'ai-cache': cache, 'key-auth': {} },
    similar: {
      'ai-proxy': proxy,
      'ai-cache': {
        redis_host: search.host,
        redis_port: search.port,
        layers: ['exact', 'semantic'],
        semantic: {
          embedding: { openai: { model: 'emb', api_key: 'sk-e', endpoint: `${model.url}/v1/embeddings` } },
          vector_search: { redis: {} },
        },
      },
    },
  }
  for (const name of ['jack', 'jill'])
    await weir.put(`consumers/${name}`, {
      username: name,
      plugins: { 'key-auth': { key: `key-of-${name}` } },
    })
  for (const [id, plugins] of Object.entries(routes)) {
    await weir.put(`routes/${id}`, { uri: `/${id}*`, plugins })
    await untilRouted(`${weir.proxyUrl}/${id}`)
  }
}, 120_000)
afterAll(async () => {
  await weir.stop()
  await Promise.all([redis.stop(), search.stop(), model.close(), aliyun.close()])
})
beforeEach(() => {
  model.clear()
  model.setScenario(undefined)
})

interface Answer {
  readonly status: number
  readonly cache: string | null
  readonly type: string | null
  readonly text: string
}

async function ask(route: string, text: string, options?: ChatOptions): Promise<Answer> {
  const response = await chat(`${weir.proxyUrl}/${route}`, text, options)
  const { status, headers } = response
  const body = await response.text().catch(() => 'broken off')
  return { status, cache: headers.get('x-ai-cache-status'), type: headers.get('content-type'), text: body }
}

function as(consumer: string): ChatOptions {
  return { headers: { apikey: `key-of-${consumer}` } }
}

/** The answer from the cache, once it is stored. */
async function untilHit(route: string, text: string, options?: ChatOptions): Promise<Answer> {
  let answer: Answer | undefined
  await until(async () => {
    answer = await ask(route, text, options)
    return answer.cache === 'HIT'
  })
  if (!answer) throw new Error('nothing was asked')
  return answer
}

test('an answer is given again by any worker, whole or as a stream, and counted', async () => {
  for (const options of [{}, { body: { stream: true } }]) {
    const first = await ask('plain', 'hi', options)
    expect(first).toMatchObject({ status: 200, cache: 'MISS' })
    expect(await untilHit('plain', 'hi', options)).toEqual({ ...first, cache: 'HIT' })
    const before = model.requestCount
    // New connections, which go to one worker or the other.
    for (let i = 0; i < 6; i++) {
      const headers = { Connection: 'close' }
      expect(await ask('plain', 'hi', { ...options, headers })).toMatchObject({ cache: 'HIT' })
    }
    expect(model.requestCount).toBe(before)
  }
  const page = await weir.metrics()
  expect(page).toMatch(
    /apisix_ai_cache_hits_total\{layer="exact",route="",route_id="plain".*node="ai-proxy-openai-compatible"/,
  )
  expect(page).toMatch(/apisix_ai_cache_misses_total\{route="",route_id="plain"/)
})

test('the official client reads a stream from the cache', async () => {
  const client = new OpenAI({ baseURL: `${weir.proxyUrl}/plain/v1`, apiKey: 'own-key', maxRetries: 0 })
  const read = async () => {
    const stream = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'client' }],
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    return text
  }
  const first = await read()
  await until(async () => {
    const before = model.requestCount
    expect(await read()).toBe(first)
    return model.requestCount === before
  })
  // Who brings another key pays for an answer of his own.
  const before = model.requestCount
  await ask('plain/v1/chat/completions', 'client', {
    headers: { Authorization: 'Bearer other' },
    body: { model: 'm', stream: true },
  })
  expect(model.requestCount).toBe(before + 1)
})

test('a long prompt is found by its bytes', async () => {
  const long = 'long '.repeat(60_000)
  const first = await ask('plain', long)
  expect(first.cache).toBe('MISS')
  expect((await untilHit('plain', long)).text).toBe(first.text)
})

test('who wants a fresh answer gets one', async () => {
  await ask('plain', 'fresh')
  await untilHit('plain', 'fresh')
  const before = model.requestCount
  const fresh = await ask('plain', 'fresh', { headers: { 'X-Fresh': 'yes' } })
  expect(fresh).toMatchObject({ status: 200, cache: 'BYPASS' })
  expect(model.requestCount).toBe(before + 1)
})

test('what comes from the cache needs no quota', async () => {
  expect(await ask('limited', 'first')).toMatchObject({ status: 200, cache: 'MISS' })
  await untilHit('limited', 'first')
  expect(await ask('limited', 'second')).toMatchObject({ status: 429, cache: 'MISS' })
  expect(await ask('limited', 'first')).toMatchObject({ status: 200, cache: 'HIT' })
})

test('what moderation denied is never kept, and judged again', async () => {
  model.setScenario({ words: ['you', ' could', ' kill', ' it'] })
  for (const body of [{ stream: true }, {}]) {
    for (let i = 0; i < 3; i++) {
      const denied = await ask('moderated', 'harmless', { body })
      expect(denied).toMatchObject({ status: 200, cache: 'MISS' })
      expect(denied.text).not.toContain('kill')
    }
  }
  model.setScenario({ words: ['all', ' is', ' well'] })
  await ask('moderated', 'good', { body: { stream: true } })
  const again = await untilHit('moderated', 'good', { body: { stream: true } })
  expect(again.text).toContain(' well')
  expect((await ask('moderated', 'harmless', { body: { stream: true } })).cache).toBe('MISS')
})

test('what could not be judged is not kept', async () => {
  aliyun.setFault('fail')
  for (let i = 0; i < 3; i++)
    expect(await ask('moderated', 'hm')).toMatchObject({ status: 200, cache: 'MISS' })
  aliyun.setFault(undefined)
  expect(await ask('moderated', 'hm')).toMatchObject({ status: 200, cache: 'MISS' })
  await untilHit('moderated', 'hm')
})

test('a broken stream is not kept', async () => {
  model.setScript(({ json }) => (JSON.stringify(json).includes('cut me') ? { cutAfterChunks: 1 } : undefined))
  for (let i = 0; i < 3; i++)
    expect(await ask('plain', 'cut me', { body: { stream: true } })).toMatchObject({ cache: 'MISS' })
  model.setScript(undefined)
})

test('consumers have answers of their own', async () => {
  await ask('keyed', 'mine', as('jack'))
  await untilHit('keyed', 'mine', as('jack'))
  expect(await ask('keyed', 'mine', as('jill'))).toMatchObject({ status: 200, cache: 'MISS' })
})

test('a question that means the same is answered from the cache', async () => {
  const first = await ask('similar', 'which town is the capital?')
  expect(first).toMatchObject({ status: 200, cache: 'MISS' })
  await until(() => Promise.resolve(search.commands.some(([name]) => name === 'EVAL')))
  expect(await ask('similar', 'the capital is which town?')).toEqual({ ...first, cache: 'HIT' })
})

test('without Redis everything is answered by the model', async () => {
  await redis.kill()
  for (let i = 0; i < 3; i++) expect(await ask('plain', 'hi')).toMatchObject({ status: 200, cache: 'MISS' })
  await redis.restart()
  await untilHit('plain', 'hi')
})
