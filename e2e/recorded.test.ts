// What a running APISIX answered, asked of Weir: every recorded call whose plugins, protocols and providers this build
// runs, in the recorded order, against the same fake provider. What the upstream saw is compared too.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AliyunServer,
  type LlmServer,
  rawRequest,
  type RawResponse,
  type RecordedRequest,
  type Redis,
  type Scenario,
  startAliyunServer,
  startLlmServer,
  startRedis,
  until,
} from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

interface Row {
  readonly name: string
  readonly route: { readonly uri: string; readonly hosts?: readonly string[]; readonly vars?: unknown } | null
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
  readonly upstream_seen?: readonly {
    readonly port: number
    readonly method: string
    readonly url: string
    readonly headers: readonly (readonly [string, string])[]
    readonly body: string
  }[]
}

/** The same call was recorded before under another name: it is made once more here. */
const secondCalls = new Set(['ratelimit.rules_missing_var', 'x.semantic_low_match'])

/** Which of equals is asked first is free: the round robin starts anywhere (routing.md §9). */
const anyInstance = /^multi\.(roundrobin|allfail)/

/** Where Weir answers otherwise on purpose: docs/differences.md gives the reasons. */
const differences: Readonly<Record<string, string>> = {
  'guard.last_is_assistant':
    'a request in which there is nothing to judge goes on, where APISIX ends it with an empty 200',
  'proxy.max_stream_duration': 'a stream that is ended early carries an error event and is broken off',
  'template.quote_in_var':
    'a line break in a value is written as JSON has it, where APISIX sends what no provider can read',
  'x.aliyun_deny_anthropic_stream': 'the content of a denied message is an empty array, where APISIX has {}',
}

const rows = readFileSync(join(import.meta.dirname, 'recorded/data-plane.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Row)

const cacheStatus = 'X-AI-Cache-Status'
const recordedPorts = [19101, 19102, 19103]
let weir: Weir
let aliyun: AliyunServer
let redis: Redis
const providers = new Map<number, LlmServer>()

/** One call a minute. */
const limit = (message: string) => ({
  'limit-count': { count: 1, time_window: 60, rejected_code: 429, rejected_msg: message },
})

beforeAll(async () => {
  weir = await startWeir()
  redis = await startRedis()
  aliyun = await startAliyunServer({ accessKeyId: 'k', accessKeySecret: 's' })
  for (const port of recordedPorts)
    providers.set(port, await startLlmServer({ name: String(port), script: recordedVectors }))
  await weir.put('consumers/dp_b', {
    username: 'dp_b',
    plugins: {
      'key-auth': { key: 'dp-key-b' },
      'ai-rate-limiting': {
        limit: 20,
        time_window: 60,
        rejected_code: 429,
        rejected_msg: 'consumer b exhausted',
      },
    },
  })
  await weir.put('consumers/xc', { username: 'xc', plugins: { 'key-auth': { key: 'xc-key' } } })
  await weir.put('consumer_groups/xcg', { plugins: limit('group limit') })
  await weir.put('consumers/xcg', {
    username: 'xcg',
    group_id: 'xcg',
    plugins: { 'key-auth': { key: 'xcg-key' } },
  })
  await weir.put('consumers/xanon', { username: 'xanon', plugins: limit('anon limit') })
  await weir.put('plugin_configs/xpc', { plugins: limit('pc') })
  const routes = new Map(rows.map(({ route }) => [route?.uri, route]))
  let id = 0
  for (const route of routes.values()) {
    if (!route) continue
    await weir.put(`routes/${++id}`, JSON.parse(toLocal(JSON.stringify(route))))
    if (!route.hosts && !route.vars) await untilRouted(weir.proxyUrl + route.uri.replace('*', 'none'))
  }
}, 120_000)
afterAll(async () => {
  await weir.stop()
  await aliyun.close()
  await redis.stop()
  await Promise.all([...providers.values()].map((provider) => provider.close()))
})

/** Vectors that are as near to each other as those of the recorder's fake were. */
function recordedVectors({ json }: RecordedRequest): Scenario | undefined {
  if (typeof json !== 'object' || json === null || !('model' in json) || json.model !== 'emb')
    return undefined
  const input = 'input' in json && Array.isArray(json.input) ? (json.input as unknown[]) : []
  const cosines: Readonly<Record<string, number>> = { hi: 1, code: 0.3457, poem: 0.6117 }
  const data = input.map((text) => {
    const cosine = cosines[String(text)] ?? 0
    return { embedding: [cosine, Math.sqrt(1 - cosine * cosine)] }
  })
  return { body: JSON.stringify({ data }) }
}

/** The recorded ports replaced by the ones that the fakes have here. */
function toLocal(text: string): string {
  // The recorder's fake played the moderation service too: an endpoint without a path, before its region.
  let local = text.replaceAll(
    '"endpoint":"http://127.0.0.1:19101","region_id"',
    `"endpoint":"${aliyun.url}","region_id"`,
  )
  local = local.replaceAll('<file>', '/dev/null')
  local = local.replaceAll('"redis_port":6390', `"redis_port":${redis.port}`)
  for (const [port, provider] of providers)
    local = local.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${provider.port}`)
  return local
}

test.each(rows.map((row) => [row.name, row] as const))('%s', async (name, row) => {
  for (const provider of providers.values()) provider.clear()
  const { request, response } = row
  if (secondCalls.has(name)) {
    await call(request)
    for (const provider of providers.values()) provider.clear()
  }
  if (response.headers[cacheStatus] === 'HIT') {
    // The answer before was stored behind its response.
    await until(async () => (await call(request)).header(cacheStatus) === 'HIT')
    for (const provider of providers.values()) provider.clear()
  }
  const answer = await call(request)
  expect(answer.status).toBe(response.status)
  if (name in differences) return
  const isPage = response.body.startsWith('<html>')
  for (const [header, value] of Object.entries(response.headers)) {
    if (isPage && header === 'Content-Type') continue
    const got = answer.header(header)
    if (/-Reset-|-Reset$|-Age$/.test(header)) expect(Number(got)).toBeLessThanOrEqual(60)
    else expect([header, got && sameIds(got)]).toEqual([header, sameIds(value)])
  }
  // APISIX's HTML pages are not part of the contract: Weir names the reason in JSON.
  if (isPage) expect(JSON.parse(answer.text)).toHaveProperty('error_msg')
  else if (!anyInstance.test(name)) expect(comparable(answer.text)).toEqual(comparable(response.body))
  expect(answer.ended).toBe('complete')

  const seen = (row.upstream_seen ?? []).flatMap(({ port, method, url, headers, body }) =>
    isSideCall(url) ? [] : [sight(port, method, url, (header) => headerOf(headers, header), body)],
  )
  const got = [...providers]
    .flatMap(([port, { requests }]) => requests.map((seenRequest) => ({ port, ...seenRequest })))
    .toSorted((one, other) => one.startedAtMs - other.startedAtMs)
    .map(({ port, method, url, headers, body }) =>
      sight(port, method, url, (header) => headers[header], body),
    )
  if (anyInstance.test(name)) expect(got).toHaveLength(seen.length)
  else expect(got).toEqual(seen)
})

function call({ method, path, headers, body }: Row['request']): Promise<RawResponse> {
  return rawRequest({
    port: weir.proxyPort,
    method,
    path,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  })
}

/** Calls of the moderation service and health probes. */
function isSideCall(url: string): boolean {
  return url === '/' || url.startsWith('/?') || url === '/healthz'
}

/** What of an upstream request is compared. */
function sight(
  port: number,
  method: string,
  url: string,
  header: (name: string) => string | undefined,
  body: string,
): unknown {
  return {
    port,
    method,
    url: url.replace(/\?$/, ''),
    authorization: header('authorization'),
    consumer: header('x-consumer-username'),
    scheme: header('x-forwarded-proto'),
    isForwarded: header('x-forwarded-host') !== undefined && header('x-forwarded-port') !== undefined,
    body: comparable(body),
  }
}

function headerOf(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1]
}

/** JSON parsed, events one by one, and fresh identifiers and the parser's own words made equal. */
function comparable(text: string): unknown {
  const same = sameIds(text).replace(/(could not parse JSON request body: )[^"]*/, '$1…')
  if (/^(data|event):/.test(same)) {
    return same.split('\n').map((line) => (line.startsWith('data: {') ? parse(line.slice(6)) : line))
  }
  return parse(same)
}

/** Fresh identifiers made equal. */
function sameIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
