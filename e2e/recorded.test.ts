// What a running APISIX answered, asked of Weir: all recorded calls, nearly in the recorded order, against the same fake
// provider. Status, headers and body are compared, and what the upstream saw. Where Weir answers otherwise the row names
// the difference in docs/differences.md; the recorder's own remarks on connections are left out of the rows.
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
import {
  comparable,
  metricsShape,
  readRecorded,
  readRecordedRows,
  type RecordedRow,
  sameIds,
} from './world/recorded-rows.ts'
import { startWeir, type Weir } from './world/weir.ts'

/** The same call was recorded before under another name: it is made once more here. */
const secondCalls = new Set(['ratelimit.rules_missing_var', 'x.semantic_low_match'])

/** Which of equals is asked first is free: the round robin starts anywhere (routing.md §9). */
const anyInstance = /^multi\.(roundrobin|allfail)/

const metricsRow = 'prometheus.metrics'

/** Rows that Weir answers otherwise on purpose: the row of docs/differences.md that says so, by its beginning. */
const differences: Readonly<Record<string, string>> = {
  'guard.last_is_assistant': 'ai-prompt-guard ends a request in which there is nothing to judge',
  'health.control_api': '`/v1/healthcheck` knows nothing of LLM instances',
  [metricsRow]: 'The page of metrics is `text/plain; charset=utf-8`',
  'proxy.max_stream_duration': 'A stream that its provider cuts, or that a limit ends, ends like a whole one',
  'template.quote_in_var': 'Values in a prompt template are written into JSON as they are',
  'x.aliyun_deny_anthropic_stream': 'The first event of a denied Anthropic stream has `"content":{}`',
}

/** Where many rows differ in the same way: what APISIX's page, client header or missing header became. */
const differencesOfMany = {
  page: 'Errors without a body are HTML pages',
  apikey: "A client's `apikey` goes on to the LLM provider",
  'retry-after': 'A refusal by a quota or by limit-count says only until when in headers of its own',
  'x-request-id': 'Responses of ai-proxy are chunked and carry only Content-Type',
} as const

/** Not recorded, or the client's of the recorder. */
const unrecorded = /^(date|server|connection|transfer-encoding|content-length|access-control-.*)$/

// The page of metrics tells of calls that are recorded behind it.
const rows = readRecordedRows('data-plane.jsonl').toSorted(
  (one, other) => Number(one.name === metricsRow) - Number(other.name === metricsRow),
)

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
  for (const [port, provider] of providers) {
    local = local.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${provider.port}`)
    local = local.replaceAll(`"port":${port}`, `"port":${provider.port}`)
  }
  return local
}

test('every difference is a row of docs/differences.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/differences.md'), 'utf8')
  for (const beginning of [...Object.values(differences), ...Object.values(differencesOfMany)])
    expect(page).toContain(`\n| ${beginning}`)
  const names = new Set(rows.map(({ name }) => name))
  expect(names.size).toBe(197)
  expect(Object.keys(differences).filter((name) => !names.has(name))).toEqual([])
})

test.each(rows.map((row) => [row.name, row] as const))('%s', async (name, row) => {
  await force(name)
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
  if (name === metricsRow) return expectMetrics()
  if (name in differences) return
  expectHeaders(answer, response)
  if (isPage(response)) expect(JSON.parse(answer.text)).toHaveProperty('error_msg')
  else if (!anyInstance.test(name)) expect(comparable(answer.text)).toEqual(comparable(response.body))
  expect(answer.ended).toBe('complete')

  const seen = (row.upstream_seen ?? []).filter(isModelCall).map((upstream) => sight(upstream, request))
  const got = [...providers]
    .flatMap(([port, { requests }]) => requests.map((seenRequest) => ({ port, ...seenRequest })))
    .filter(isModelCall)
    .toSorted((one, other) => one.startedAtMs - other.startedAtMs)
    .map(({ rawHeaders: headers, ...upstream }) => sight({ ...upstream, headers }, request))
  if (anyInstance.test(name)) expect(got).toHaveLength(seen.length)
  else expect(got).toEqual(seen)
})

/** All families, types, labels and buckets that were recorded; Weir has more of its own. */
async function expectMetrics(): Promise<void> {
  const logged = rows.find(({ name }) => name === 'x.logging_ok')
  if (!logged) throw new Error('no such row')
  // A first token within the millisecond is not measured.
  for (const provider of providers.values()) provider.setScenario({ delayMs: 5 })
  await call(logged.request)
  const recorded = metricsShape(readRecorded('metrics.txt'))
  let missing = recorded
  await until(
    async () => {
      const shape = new Set(metricsShape(await weir.metrics()))
      missing = recorded.filter((line) => !shape.has(line))
      return missing.length === 0
    },
    { what: 'all metrics' },
  ).catch(() => undefined)
  expect(missing).toEqual([])
}

function expectHeaders(
  answer: RawResponse,
  { headers: recorded, ...response }: RecordedRow['response'],
): void {
  const names = new Set<string>()
  for (const [header, value] of Object.entries(recorded)) {
    names.add(header.toLowerCase())
    if (isPage(response) && header === 'Content-Type') continue
    const got = answer.header(header)
    if (/-Reset-|-Reset$|-Age$/.test(header)) expect(Number(got)).toBeLessThanOrEqual(60)
    else expect([header, got && sameIds(got)]).toEqual([header, sameIds(value)])
  }
  const more = answer.rawHeaders.map(([header]) => header.toLowerCase())
  expect(
    more.filter((name) => !(names.has(name) || unrecorded.test(name) || name in differencesOfMany)),
  ).toEqual([])
}

function isPage({ body }: { readonly body: string }): boolean {
  return body.startsWith('<html>')
}

/** Whom the recorder made answer 500 to everything, probes too, in the calls of health.*. */
function forcedPorts(name: string): readonly number[] {
  if (name === 'health.all_unhealthy') return [19101, 19102]
  return /^health\.(hi_unhealthy|control_api)/.test(name) ? [19101] : []
}

const failing: Scenario = {
  status: 500,
  body: '{"error":{"message":"forced unhealthy 500","type":"server_error"}}',
}

/** Returns when the gateway has noticed, too. */
async function force(name: string): Promise<void> {
  const ports = forcedPorts(name)
  for (const [port, provider] of providers) provider.setScenario(ports.includes(port) ? failing : undefined)
  if (ports.length === 0) return
  const failed = ports.map((port) => providers.get(port)?.port)
  await until(async () => failed.every(isUnhealthy(await nodesOfChecks())), { what: 'failed health checks' })
}

const isUnhealthy = (nodes: readonly CheckedNode[]) => (failed: number | undefined) =>
  nodes.some(({ port, status }) => port === failed && status === 'unhealthy')

interface CheckedNode {
  readonly port: number
  readonly status: string
}

async function nodesOfChecks(): Promise<readonly CheckedNode[]> {
  const response = await fetch(`http://127.0.0.1:${weir.controlPort}/v1/healthcheck`)
  const checkers = (await response.json()) as readonly { readonly nodes: readonly CheckedNode[] }[]
  return checkers.flatMap(({ nodes }) => nodes)
}

function call({ method, path, headers, body }: RecordedRow['request']): Promise<RawResponse> {
  const ports: Readonly<Record<string, number>> = {
    '/v1/healthcheck': weir.controlPort,
    '/apisix/prometheus/metrics': weir.metricsPort,
  }
  return rawRequest({
    port: ports[path] ?? weir.proxyPort,
    method,
    path,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  })
}

/** Not one of the moderation service, and no health probe. */
function isModelCall({ url }: { readonly url: string }): boolean {
  return url !== '/' && !url.startsWith('/?') && url !== '/healthz'
}

/** What of a request at the provider is compared: all but what is each HTTP client's own. */
function sight(
  { port, method, url, headers, body }: NonNullable<RecordedRow['upstream_seen']>[number],
  { headers: fromClient = {} }: RecordedRow['request'],
): unknown {
  const isOfClient = Object.keys(fromClient).some((name) => name.toLowerCase() === 'user-agent')
  const compared: Record<string, string> = {}
  for (const [header, value] of headers) {
    const name = header.toLowerCase()
    if (unrecorded.test(name) || name === 'apikey' || (name === 'user-agent' && !isOfClient)) continue
    compared[name] = /^(host|x-forwarded-host|x-forwarded-port)$/.test(name)
      ? toRecorded(value)
      : sameIds(value)
  }
  return { port, method, url: url.replace(/\?$/, ''), headers: compared, body: comparable(body) }
}

/** The port at the end of a host replaced by the recorder's. */
function toRecorded(host: string): string {
  return host.replace(/\d+$/, (digits) => {
    if (Number(digits) === weir.proxyPort) return '9080'
    for (const [port, provider] of providers) if (Number(digits) === provider.port) return String(port)
    return digits
  })
}
