// config.yaml: what was recorded of its keys, on an API-driven gateway as in the recordings.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '@weir/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, expectRecorded, recordedKeys, type Row, rows } from './standalone/rows.ts'
import { startWeir, type Weir } from './world/weir.ts'

/** Before the first configuration APISIX fails; here the list is empty. */
const different: Readonly<Record<string, number>> = { 'control.routes_empty': 200 }

/** Whom paths were asked of that could be anybody's. */
const servers: Readonly<Record<string, 'adminPort' | 'controlPort' | 'statusPort'>> = {
  'cfg.allow_admin.refused_other_path': 'adminPort',
  'control.root': 'controlPort',
  'status.root': 'statusPort',
}

interface Group {
  readonly config: unknown
  /** Members of `deployment.admin`. */
  readonly admin: object
  readonly env?: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
}

/** Calls that belong to one start. */
const recorded = rows.filter(({ name }) => /^(cfg|status|control)\./.test(name))
const groups = Object.values(Object.groupBy(recorded, ({ config }) => JSON.stringify(config))).flatMap(
  (together = []): Group[] => {
    const config = together[0]?.config ?? {}
    const settings = settingsOf(config)
    return settings && together.length > 0 ? [{ config, ...settings, rows: together }] : []
  },
)

/** The recordings name settings in words; undefined: replayed elsewhere. */
function settingsOf(config: Row['config']): Pick<Group, 'admin' | 'env'> | undefined {
  const emptyKey = { admin_key: [{ name: 'admin', key: '', role: 'admin' }] }
  if (config['admin_key'] === 'one entry with empty key') return { admin: emptyKey }
  if (config['admin_key'] === 'the same, allow_admin 127.0.0.0/8') {
    return { admin: { ...emptyKey, allow_admin: ['127.0.0.0/8'] } }
  }
  if (config['admin_key'] === 'admin_key not set') return { admin: { admin_key: undefined } }
  if ('admin_key_required' in config || 'allow_admin' in config) {
    return { admin: { admin_key: recordedKeys, ...config } }
  }
  if ('apisix.status' in config) return { admin: { admin_key: recordedKeys } }
  if ('env' in config) {
    const key = '${{MYKEY}}'
    return { admin: { admin_key: [{ name: 'admin', key, role: 'admin' }] }, env: { MYKEY: 'envkey' } }
  }
  return undefined
}

describe.each(groups.map((group) => [JSON.stringify(group.config), group] as const))('%s', (_what, group) => {
  let weir: Weir
  beforeAll(async () => {
    weir = await startWeir({
      deployment: {
        role: 'traditional',
        role_traditional: { config_provider: 'yaml' },
        admin: group.admin,
      },
      ...(group.env && { env: group.env }),
      awaitReady: false,
    })
  })
  afterAll(() => weir.stop())

  test.each(group.rows.map((row) => [row.name, row] as const))('%s', async (name, row) => {
    const server = servers[name]
    const answer = await call(weir, row.request, 'admin', server && weir[server])
    if (name in different) expect(answer.status).toBe(different[name])
    else expectRecorded(answer, row)
  })
})

function fileDriven(format: 'yaml' | 'json'): object {
  return { deployment: { role: 'data_plane', role_data_plane: { config_provider: format } } }
}

describe('a start that cannot be', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-settings-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  async function startWith(
    config: object,
    files: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number | null; readonly said: string }> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
    await writeFile(join(directory, 'config.yaml'), JSON.stringify(config))
    const root = join(import.meta.dirname, '..')
    const process = await startProcess({
      command: join(root, 'node_modules/.bin/node'),
      args: [join(root, 'packages/weir/src/main.js'), 'start', '-c', join(directory, 'config.yaml')],
      cwd: directory,
      env,
    })
    const { code } = await process.exited
    return { code, said: process.stderr }
  }

  test.each([
    ['YAML that is none', { 'apisix.yaml': 'routes: [\n#END' }, 'failed to parse the content of the file'],
    ['nothing but the end mark', { 'apisix.yaml': '#END' }, 'failed update config: empty table'],
    [
      'a missing variable',
      { 'apisix.yaml': 'routes: ["${{NOT_THERE}}"]\n#END' },
      "can't find environment variable NOT_THERE",
    ],
  ])('%s in apisix.yaml', async (_what, files, reason) => {
    expect(await startWith(fileDriven('yaml'), files)).toEqual({
      code: 1,
      said: expect.stringContaining(reason),
    })
  })

  test('JSON that is none in apisix.json', async () => {
    expect(await startWith(fileDriven('json'), { 'apisix.json': '{}\n#END' })).toEqual({
      code: 1,
      said: expect.stringContaining('it is not JSON'),
    })
  })

  test.each([
    [
      'a missing variable',
      { deployment: { admin: { admin_key: [{ key: '${{NOT_THERE}}' }] } } },
      "failed to read local yaml config of apisix: failed to handle configuration: can't find environment variable NOT_THERE",
    ],
    [
      'a text for a number',
      { deployment: { etcd: { timeout: '3' } } },
      'failed to merge, path[deployment->etcd->timeout] expect: number, but got: string',
    ],
    ['an unknown role', { deployment: { role: 'boss' } }, 'property "role" validation failed'],
    [
      'a control plane on a file',
      { deployment: { role: 'control_plane', role_control_plane: { config_provider: 'yaml' } } },
      'property "config_provider" validation failed',
    ],
    ['xds', { deployment: { role: 'data_plane', role_data_plane: { config_provider: 'xds' } } }, 'xds'],
    [
      'two servers on one port',
      { apisix: { control: { port: 9180 } } },
      'control port 9180 conflicts with admin port',
    ],
    [
      'a word in allow_admin',
      { deployment: { admin: { allow_admin: ['home'] } } },
      'allow_admin: invalid ip address',
    ],
    ['HTTPS without a certificate', { deployment: { admin: { https_admin: true } } }, 'missing ssl cert'],
    [
      'no key and others allowed',
      { deployment: { admin: { admin_key: [], allow_admin: ['10.0.0.0/8'] } } },
      'missing valid Admin API token',
    ],
  ])('%s', async (_what, config, reason) => {
    expect(await startWith(config)).toEqual({ code: 1, said: expect.stringContaining(reason) })
  })

  test('APISIX_STAND_ALONE beside a store', async () => {
    const { code, said } = await startWith({ deployment: { etcd: {} } }, {}, { APISIX_STAND_ALONE: 'true' })
    expect([code, said]).toEqual([1, expect.stringContaining('APISIX_STAND_ALONE')])
  })
})
