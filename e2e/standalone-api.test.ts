// The API-driven standalone mode: every recorded call, in the recorded order, with the traffic in between.
import { until } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EchoUpstream, startEchoUpstream } from './standalone/echo-upstream.ts'
import { allPlugins } from './standalone/gateway.ts'
import { call, expectRecorded, recordedKeys, type Row, rows } from './standalone/rows.ts'
import { startWeir, type Weir } from './world/weir.ts'

const apiDriven = rows.filter(({ config }) => config['config_provider'] === 'yaml')
const second = apiDriven.findIndex(({ name }) => name === 'first.empty_object')
const restart = apiDriven.findIndex(({ name }) => name === 'restart.ready')

/** Where APISIX fails with 500, or with what only its own code could mean, Weir says what is wrong. */
const clear: Readonly<Record<string, { readonly status: number; readonly text: RegExp }>> = {
  'put.bad_yaml': { status: 400, text: /invalid request body: / },
  'put.kind_string': { status: 400, text: /routes should be an array, got string/ },
  'put.kind_number': { status: 400, text: /routes should be an array, got number/ },
  'put.kind_null': { status: 400, text: /routes should be an array, got null/ },
  'put.kind_true': { status: 400, text: /routes should be an array, got boolean/ },
  'put.item_number': { status: 400, text: /invalid configuration: wrong type: expected object, got number/ },
  'put.item_null': { status: 400, text: /invalid configuration: wrong type: expected object, got userdata/ },
  'validate.kind_string': {
    status: 400,
    text: /"resource_type":"routes","error":"routes should be an array/,
  },
  'validate.kind_number': { status: 400, text: /routes should be an array, got number/ },
  'validate.kind_null': { status: 400, text: /routes should be an array, got null/ },
  'validate.kind_true': { status: 400, text: /routes should be an array, got boolean/ },
  'validate.item_number': { status: 400, text: /expected object, got number/ },
  'validate.item_null': { status: 400, text: /expected object, got userdata/ },
  // Errors without a body are pages in APISIX; here they name their reason.
  'traffic.after_missing_refs': { status: 503, text: /error_msg/ },
}

const upstreams: EchoUpstream[] = []
let weir: Weir
beforeAll(async () => {
  upstreams.push(await startEchoUpstream(21001), await startEchoUpstream(21002))
})
afterAll(() => {
  for (const upstream of upstreams) upstream.close()
})

function start(workers = 1): Promise<Weir> {
  return startWeir({
    workers,
    deployment: {
      role: 'traditional',
      role_traditional: { config_provider: 'yaml' },
      admin: { admin_key: recordedKeys },
    },
    plugins: allPlugins,
    awaitReady: false,
  })
}

/** The upstreams' ports are others here, and long texts were cut in the recording. */
function local(text: string): string {
  return text
    .replace(/x+…\(3000 bytes\)/, 'x'.repeat(3000))
    .replace(/^.*…\(1982292 bytes\)$/s, bigConfiguration)
    .replaceAll('127.0.0.1:21001', `127.0.0.1:${upstreams[0]?.port}`)
    .replaceAll('127.0.0.1:21002', `127.0.0.1:${upstreams[1]?.port}`)
}

function localized({ request, response, ...row }: Row): Row {
  const text = JSON.stringify({ request, response })
  const parsed = JSON.parse(text, (_name, value: unknown) =>
    typeof value === 'string' ? local(value) : value,
  )
  return { ...row, ...(parsed as Pick<Row, 'request' | 'response'>) }
}

/** 1,982,292 bytes, as in the recording. */
const bigConfiguration = JSON.stringify({ routes: [], desc: 'd'.repeat(1_982_292 - 23) })

async function replay(recorded: Row): Promise<void> {
  const row = localized(recorded)
  const other = clear[row.name]
  const check = async () => {
    const answer = await call(weir, row.request)
    if (other) expect([answer.status, answer.text]).toEqual([other.status, expect.stringMatching(other.text)])
    else expectRecorded(answer, row)
  }
  // Traffic follows a moment after the configuration.
  if (row.request.path.startsWith('/apisix/')) return check()
  return void (await until(async () => (await check(), true)))
}

describe.each([
  ['the first start', 0, second],
  ['another start', second, restart],
  ['after that', restart, apiDriven.length],
])('%s', (_what, from, to) => {
  beforeAll(async () => {
    weir = await start()
  })
  afterAll(() => weir.stop())

  test.each(apiDriven.slice(from, to).map((row) => [row.name, row] as const))('%s', (_name, row) =>
    replay(row),
  )
})

test('two workers have a configuration at once', async () => {
  weir = await start(2)
  try {
    const put = (digest: string, configuration: object) =>
      call(weir, {
        method: 'PUT',
        path: '/apisix/admin/configs',
        headers: { 'X-API-KEY': recordedKeys[0]?.key ?? '', 'X-Digest': digest },
        body: JSON.stringify(configuration),
      })
    expect(await weir.status()).toBe(503)
    expect((await put('1', {})).status).toBe(202)
    await until(async () => (await weir.status()) === 200)
    const upstream = { nodes: { [`127.0.0.1:${upstreams[0]?.port}`]: 1 } }
    const told = await put('2', { routes: [{ uri: '/a', upstream }] })
    expect(told.header('X-Digest')).toBe('2')
    let inARow = 0
    // Each connection may meet the other worker.
    await until(async () => {
      const { status } = await call(weir, { method: 'GET', path: '/a' })
      inARow = status === 200 ? inARow + 1 : 0
      return inARow === 20
    })
  } finally {
    await weir.stop()
  }
})
