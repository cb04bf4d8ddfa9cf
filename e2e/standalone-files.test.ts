// apisix.yaml and apisix.json: every recorded call, in the recorded order, with the file edited in between.
import { rawRequest, until } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EchoUpstream, startEchoUpstream } from './standalone/echo-upstream.ts'
import { type FileGateway, type FileGatewayOptions, startFileGateway } from './standalone/gateway.ts'
import { call, expectRecorded, type Row, rows } from './standalone/rows.ts'

const upstreams: EchoUpstream[] = []
beforeAll(async () => {
  upstreams.push(await startEchoUpstream(21001))
})
afterAll(() => upstreams[0]?.close())

/** The upstream's port is another one here. */
function local(text: string): string {
  return text.replaceAll('127.0.0.1:21001', `127.0.0.1:${upstreams[0]?.port}`)
}

function fileOf({ config }: Row): string {
  const text = config['apisix.yaml'] ?? config['apisix.json']
  return local(typeof text === 'string' ? text : '')
}

/** Where Weir answers otherwise on purpose: docs/differences.md gives the reasons. */
const different: Readonly<Record<string, number>> = {
  // Ready is ready, whatever the format.
  'dpj.ready': 200,
}

/** Pages of APISIX are errors in JSON here. */
async function expectRow(gateway: FileGateway, row: Row): Promise<void> {
  await until(async () => {
    const answer = await call(gateway, row.request, 'proxy')
    const status = different[row.name]
    if (status !== undefined) expect(answer.status).toBe(status)
    else expectRecorded(answer, row)
    return true
  })
}

/** Starts the gateway for the tests of one block. */
function useGateway(options: () => FileGatewayOptions): () => FileGateway {
  let gateway: FileGateway | undefined
  beforeAll(async () => {
    gateway = await startFileGateway(options())
  })
  afterAll(() => gateway?.stop())
  return () => {
    if (!gateway) throw new Error('the gateway did not start')
    return gateway
  }
}

function named(prefix: string): readonly Row[] {
  return rows.filter(({ name }) => name.startsWith(prefix))
}

describe('apisix.yaml, edited', () => {
  const [first, ...all] = named('dp.')
  if (!first) throw new Error('there are no recorded calls')
  const gateway = useGateway(() => ({ format: 'yaml', text: fileOf(first) }))
  let inForce = first.config['apisix.yaml']

  test.each(
    [first, ...all].filter(({ response }) => response.status > 0).map((row) => [row.name, row] as const),
  )('%s', async (_name, row) => {
    const { 'apisix.yaml': text } = row.config
    if (text !== inForce) {
      inForce = text
      // Between these the recorder put the first file back.
      if (row.name.startsWith('dp.only_end_mark')) await gateway().edit(fileOf(first))
      await gateway().edit(text === '(file removed)' ? undefined : fileOf(row))
    }
    await expectRow(gateway(), row)
  })

  test('dp.start.admin_port', async () => {
    const { error } = await rawRequest({ port: gateway().adminPort, path: '/apisix/admin/routes' })
    expect(error).toBe('ECONNREFUSED')
  })
})

function environment(): Readonly<Record<string, string>> {
  return { AENV: 'valA', UPORT: String(upstreams[0]?.port), UWEIGHT: '1', AJSON: '{"k":"jv"}', NUM: '12345' }
}

describe('apisix.yaml with everything in it', () => {
  const all = named('dpk.')
  const row = (name: string): Row => {
    const found = all.find((one) => one.name === `dpk.${name}`)
    if (!found) throw new Error(`${name} was not recorded`)
    return found
  }
  const text = () => fileOf(row('env')).replace('#END\n', '')
  const gateway = useGateway(() => ({ format: 'yaml', text: `${text()}#END\n`, env: environment() }))
  const withoutRule = () => text().replace(/global_rules:\n.*\n.*\n/, '')

  test.each([
    'service_plugin_config_global',
    'upstream_numeric_id',
    'auth_none',
    'auth_jack',
    'auth_rose_group',
    'auth_env_consumer',
    'auth_env_quoted_number',
    'env',
    'control.metadata',
  ])('dpk.%s', (name) => expectRow(gateway(), row(name)))

  test('dpk.secret_refs', async () => {
    const answer = await call(gateway(), row('secret_refs').request)
    expect([answer.status, answer.header('X-S'), answer.header('X-J')]).toEqual([200, 'valA', 'jv'])
    // What cannot be resolved stays as it is.
    expect(answer.header('X-V')).toBe('$secret://vault/v1/p/f')
  })

  test.each([
    ['env_missing_reload_keeps_old', () => `${text()}x: \${{NOT_THERE}}\n#END\n`],
    ['env_missing_in_comment', () => `${text()}# \${{NOT_THERE}}\n#END\n`],
    ['global_rule_removed', () => `${withoutRule()}#END\n`],
    ['plugins_list_limits', () => `${withoutRule()}plugins: [{name: response-rewrite}]\n#END\n`],
    ['plugins_list_auth', undefined],
    ['plugins_list_removed', () => `${withoutRule()}#END\n`],
    ['plugins_list_removed_auth', undefined],
  ])('dpk.%s', async (name, edited) => {
    if (edited) await gateway().edit(edited())
    await expectRow(gateway(), row(name))
  })
})

describe('what refers to nothing, for a traditional role without its Admin API', () => {
  const all = named('dpx.')
  const gateway = useGateway(() => ({
    format: 'yaml',
    text: all[0] && fileOf(all[0]),
    deployment: { role: 'traditional', role_traditional: { config_provider: 'yaml' } },
    apisix: { enable_admin: false },
  }))

  test.each(all.map((row) => [row.name, row] as const))('%s', (_name, row) => expectRow(gateway(), row))
})

describe('apisix.json', () => {
  const all = named('dpj.')
  const withEnvironment = all[0]
  const gateway = useGateway(() => ({
    format: 'json',
    text: withEnvironment && fileOf(withEnvironment),
    env: environment(),
  }))
  let inForce = withEnvironment?.config['apisix.json']

  test.each(all.slice(0, -1).map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { 'apisix.json': text } = row.config
    if (text !== inForce) {
      inForce = text
      await gateway().edit(fileOf(row))
    }
    await expectRow(gateway(), row)
  })

  test('dpj.env_missing_keeps_old', async () => {
    const last = all.at(-1)
    if (!last) throw new Error('it was not recorded')
    await gateway().edit(fileOf(last).replace('${{AENV}}', '${{NOT_THERE}}'))
    await expectRow(gateway(), last)
  })

  test('a file with references to the environment is read again, too', async () => {
    if (withEnvironment) await gateway().edit(fileOf(withEnvironment))
    await until(async () => (await rawRequest({ port: gateway().proxyPort, path: '/r1' })).status === 200)
  })
})

describe('a start without a file', () => {
  const gateway = useGateway(() => ({ format: 'yaml' }))

  test('answers 404 until there is one', async () => {
    const ready = () => gateway().status('/status/ready')
    const status = async () => (await rawRequest({ port: gateway().proxyPort, path: '/r1' })).status
    await until(async () => (await ready()) === 503)
    expect(await status()).toBe(404)
    const route = local(
      'routes: [{id: r1, uri: /r1, upstream: {type: roundrobin, nodes: {"127.0.0.1:21001": 1}}}]',
    )
    await gateway().edit(route)
    expect(await ready()).toBe(503)
    await gateway().edit(`${route}\n#END`)
    await until(async () => (await status()) === 200)
    expect(await ready()).toBe(200)
  })
})
