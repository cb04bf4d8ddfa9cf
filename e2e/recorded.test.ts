// What a running APISIX answered, asked of Weir: all recorded calls, nearly in the recorded order, against the same fake
// provider. Status, headers and body are compared, and what the upstream saw. Where Weir answers otherwise the row names
// the difference in docs/differences.md; the recorder's own remarks on connections are left out of the rows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RawResponse, until } from '@weir/testkit'
import { expect, test } from 'vitest'
import {
  comparable,
  metricsShape,
  readRecorded,
  readRecordedRows,
  type RecordedRow,
  sameIds,
} from './world/recorded-rows.ts'
import { type UpstreamSight, useRecordedWorld } from './world/recorded-world.ts'

/** The same call was recorded before under another name: it is made once more here. */
const secondCalls = new Set(['ratelimit.rules_missing_var', 'x.semantic_low_match'])

/** Which of equals is asked first is free: the round robin starts anywhere (routing.md §9). */
const anyInstance = /^multi\.(roundrobin|allfail)/

const cacheStatus = 'X-AI-Cache-Status'
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

const world = useRecordedWorld(rows)

test('every difference is a row of docs/differences.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/differences.md'), 'utf8')
  for (const beginning of [...Object.values(differences), ...Object.values(differencesOfMany)])
    expect(page).toContain(`\n| ${beginning}`)
  const names = new Set(rows.map(({ name }) => name))
  expect(names.size).toBe(197)
  expect(Object.keys(differences).filter((name) => !names.has(name))).toEqual([])
})

test.each(rows.map((row) => [row.name, row] as const))('%s', async (name, row) => {
  const { call, clear, force, upstreamSaw } = world()
  await force(forcedPorts(name))
  const { request, response } = row
  if (secondCalls.has(name)) await call(request)
  if (response.headers[cacheStatus] === 'HIT') {
    // The answer before was stored behind its response.
    await until(async () => (await call(request)).header(cacheStatus) === 'HIT')
  }
  clear()
  const answer = await call(request)
  expect(answer.status).toBe(response.status)
  if (name === metricsRow) return expectMetrics()
  if (name in differences) return
  expectHeaders(answer, response)
  if (isPage(response)) expect(JSON.parse(answer.text)).toHaveProperty('error_msg')
  else if (!anyInstance.test(name)) expect(comparable(answer.text)).toEqual(comparable(response.body))
  expect(answer.ended).toBe('complete')

  const seen = (row.upstream_seen ?? []).filter(isModelCall).map((upstream) => sight(upstream, request))
  const got = upstreamSaw()
    .filter(isModelCall)
    .map((upstream) => sight(upstream, request))
  if (anyInstance.test(name)) expect(got).toHaveLength(seen.length)
  else expect(got).toEqual(seen)
})

/** All families, types, labels and buckets that were recorded; Weir has more of its own. */
async function expectMetrics(): Promise<void> {
  const logged = rows.find(({ name }) => name === 'x.logging_ok')
  if (!logged) throw new Error('no such row')
  const { call, providers, weir } = world()
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

/** Not one of the moderation service, and no health probe. */
function isModelCall({ url }: { readonly url: string }): boolean {
  return url !== '/' && !url.startsWith('/?') && url !== '/healthz'
}

/** What of a request at the provider is compared: all but what is each HTTP client's own. */
function sight(
  { port, method, url, headers, body }: UpstreamSight,
  { headers: fromClient = {} }: RecordedRow['request'],
): unknown {
  const isOfClient = Object.keys(fromClient).some((name) => name.toLowerCase() === 'user-agent')
  const compared: Record<string, string> = {}
  for (const [header, value] of headers) {
    const name = header.toLowerCase()
    if (unrecorded.test(name) || name === 'apikey' || (name === 'user-agent' && !isOfClient)) continue
    compared[name] = /^(host|x-forwarded-host|x-forwarded-port)$/.test(name)
      ? world().toRecorded(value)
      : sameIds(value)
  }
  return { port, method, url: url.replace(/\?$/, ''), headers: compared, body: comparable(body) }
}
