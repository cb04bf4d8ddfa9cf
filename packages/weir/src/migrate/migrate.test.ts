// The command as a process of its own, between real stores, a real Admin API and files.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigStore } from '@weir/config-store'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { createEtcdStore } from '@weir/config-store/etcd'
import { createCipher, isJsonObject } from '@weir/contract'
import { createCertificateAuthority, type Etcd, freePort, startEtcd } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseConfig, runWeir, startWeir } from '../testing/weir-process.ts'

let etcd: Etcd
let directory: string
let apisix: ConfigStore

beforeAll(async () => {
  etcd = await startEtcd()
  directory = await mkdtemp(join(tmpdir(), 'weir-migrate-'))
  apisix = createEtcdStore({ host: [etcd.url] })
  await fillAsApisixDid(apisix)
})

afterAll(async () => {
  await apisix.close()
  await etcd.stop()
  await rm(directory, { recursive: true })
})

/**
 * What APISIX 3.18 wrote, as etcdctl prints it: keys and values on alternate lines. Two of its plugins are renamed to
 * some that this build does not run, and never will.
 */
async function fillAsApisixDid(store: ConfigStore): Promise<void> {
  const text = await readFile(join(import.meta.dirname, '../testing/apisix-etcd.txt'), 'utf8')
  const lines = text
    .replaceAll('limit-count', 'my-limits')
    .replaceAll('http-logger', 'my-logger')
    .trimEnd()
    .split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    await store.put((lines[i] ?? '').slice('/apisix'.length), lines[i + 1] ?? '')
  }
}

async function migrate(...args: readonly string[]) {
  const process = await runWeir(['migrate', ...args], directory)
  const { code } = await process.exited
  return { code, stdout: process.stdout, stderr: process.stderr }
}

interface Resource {
  readonly key: string
  readonly verdict: string
  readonly reasons: readonly string[]
  readonly copy?: string
}

async function migrateToJson(...args: readonly string[]) {
  const { code, stdout, stderr } = await migrate(...args, '--format', 'json')
  expect(stderr).toBe('')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the report looks like is under test below
  const report = JSON.parse(stdout) as {
    readonly resources: readonly Resource[]
    readonly summary: Readonly<Record<string, unknown>>
  }
  const keysOf = (verdict: string) =>
    report.resources.filter((resource) => resource.verdict === verdict).map(({ key }) => key)
  return { ...report, code, keysOf }
}

/** A config.yaml in the directory; JSON is YAML. */
async function config(name: string, content: object): Promise<string> {
  await writeFile(join(directory, name), JSON.stringify(content))
  return name
}

const otherKeyring = { data_encryption: { keyring: ['another-key-1234'] } }
const toEtcd = (prefix: string) => ({ deployment: { etcd: { host: [etcd.url], prefix } } })

describe('the etcd of an APISIX', () => {
  test('is judged document by document, without a word of what it keeps secret', async () => {
    const { code, keysOf, resources, summary } = await migrateToJson('--etcd', etcd.url)
    expect(keysOf('refused').toSorted()).toEqual([
      '/consumer_groups/g1',
      '/consumers/grp',
      '/plugin_configs/pc1',
      '/plugin_metadata/my-logger',
      '/protos/dump1',
      '/routes/pc',
      '/routes/svc',
      '/services/s1',
    ])
    expect(keysOf('differs')).toEqual(['/routes/dump-ai'])
    expect(keysOf('runs')).toHaveLength(24)
    expect(summary).toMatchObject({ documents: 33, runs: 24, differs: 1, refused: 8 })
    expect(code).toBe(1)
    const text = JSON.stringify(resources)
    for (const secret of ['jack-key', 'grp-key', 'BEGIN', 'Bearer']) expect(text).not.toContain(secret)
  })

  test('is shown as a table, too', async () => {
    const { stdout, stderr } = await migrate('--etcd', etcd.url)
    expect(stdout).toMatch(/^refused +\/routes\/svc +refers to \/services\/s1, which is refused$/m)
    expect(stdout).toMatch(/^runs +\/routes\/1$/m)
    expect(stdout).toContain(`33 documents of etcd, ${etcd.url}, prefix /apisix: 24 run, 1 run differently`)
    // No progress bar: this is no terminal.
    expect(stderr).toBe('')
  })

  test('is copied, encrypted with the keys of the target, and then is there', async () => {
    const to = await config('weir.yaml', { ...toEtcd('/weir'), apisix: otherKeyring })
    const before = await apisix.list('/')
    const look = await migrateToJson('--etcd', etcd.url, '--to', to)
    expect(look.summary['remarks']).toEqual(['nothing was copied: that takes --apply'])
    const first = await migrateToJson('--etcd', etcd.url, '--to', to, '--apply')
    expect(first.summary['copies']).toEqual({ copied: 33 })
    expect((await apisix.list('/')).entries).toEqual(before.entries)

    const weir = createEtcdStore({ host: [etcd.url], prefix: '/weir' })
    const { entry } = await weir.get('/consumers/jack')
    const jack: unknown = JSON.parse(entry?.value ?? '')
    const original = JSON.parse((await apisix.get('/consumers/jack')).entry?.value ?? '')
    const cipher = createCipher(otherKeyring.data_encryption.keyring)
    const key = at(jack, 'plugins', 'key-auth', 'key')
    expect(cipher.tryDecrypt(String(key))).toBe(
      createCipher(['qeddd145sfvddff3', 'edd1c9f0985e76a2']).tryDecrypt(
        String(at(original, 'plugins', 'key-auth', 'key')),
      ),
    )
    const ssl: unknown = JSON.parse((await weir.get('/ssls/dump1')).entry?.value ?? '')
    expect(cipher.tryDecrypt(String(at(ssl, 'key')))).toContain('BEGIN')

    await weir.put('/routes/7', '{"uri":"/mine"}')
    const second = await migrateToJson('--etcd', etcd.url, '--to', to, '--apply')
    expect(second.summary['copies']).toEqual({ same: 32, kept: 1 })
    expect((await weir.get('/routes/7')).entry?.value).toBe('{"uri":"/mine"}')
    const third = await migrateToJson('--etcd', etcd.url, '--to', to, '--apply', '--force')
    expect(third.summary['copies']).toEqual({ same: 32, replaced: 1 })
    await weir.close()
  })

  test('is copied as it is where the keys are the same, into an embedded store', async () => {
    const path = join(directory, 'weir.db')
    const to = await config('embedded.yaml', { weir: { store: 'embedded', embedded: { path } } })
    const { summary } = await migrateToJson('--etcd', etcd.url, '--to', to, '--apply')
    expect(summary['copies']).toEqual({ copied: 33 })
    const store = createEmbeddedStore({ path })
    expect(await documents(store)).toEqual(await documents(apisix))
    await store.close()
  })

  test.each([
    ['named alike', '/apisix', []],
    ['named otherwise', '/apisix/', []],
    ['forced', '/apisix', ['--force']],
  ])('is never copied to itself: %s', async (_how, prefix, more) => {
    const to = await config('same.yaml', { ...toEtcd(prefix), apisix: otherKeyring })
    const before = await apisix.list('/')
    const url = etcd.url.replace('127.0.0.1', 'localhost')
    const { code, stderr } = await migrate('--etcd', url, '--to', to, '--apply', ...more)
    expect(stderr).toContain('source and target are the same')
    expect(code).toBe(1)
    expect((await apisix.list('/')).entries).toEqual(before.entries)
  })

  test('whose keys are not at hand is not copied at all', async () => {
    const own = await config('own.yaml', { ...toEtcd('/apisix'), apisix: otherKeyring })
    const report = await migrateToJson('-c', own, '--to-prefix', '/other', '--apply')
    expect(report.code).toBe(1)
    expect(String(report.summary['remarks'])).toContain('nothing was copied: 5 documents')
    expect(report.summary['copies']).toBeUndefined()
    const other = createEtcdStore({ host: [etcd.url], prefix: '/other' })
    expect((await other.list('/')).entries).toEqual([])
    await other.close()
  })
})

test('an etcd with users', async () => {
  const guarded = await startEtcd()
  const ask = (path: string, body: object) =>
    fetch(`${guarded.url}/v3/auth/${path}`, { method: 'POST', body: JSON.stringify(body) })
  try {
    const store = createEtcdStore({ host: [guarded.url] })
    await store.put('/routes/1', '{"uri":"/","upstream":{"nodes":{"127.0.0.1:1":1}}}')
    await store.close()
    const [key, range_end] = ['/apisix', '/apisiy'].map((text) => Buffer.from(text).toString('base64'))
    await ask('role/add', { name: 'reader' })
    await ask('role/grant', { name: 'reader', perm: { permType: 'READ', key, range_end } })
    for (const [name, role] of [
      ['root', 'root'],
      ['reader', 'reader'],
    ]) {
      await ask('user/add', { name, password: `password of ${name}` })
      await ask('user/grant', { user: name, role })
    }
    expect((await ask('enable', {})).status).toBe(200)
    const password = join(directory, 'etcd.password')
    await writeFile(password, 'password of reader\n')
    const user = ['--etcd', guarded.url, '--user', 'reader', '--password-file', password]
    expect(await migrateToJson(...user)).toMatchObject({ code: 0, summary: { runs: 1 } })
    const unknown = await migrate('--etcd', guarded.url)
    expect(unknown.stderr).toContain('etcd refuses')
    expect(unknown.code).toBe(3)
    const writing = await migrate(...user, '--to-prefix', '/weir', '--apply')
    expect(writing.stderr).toContain('cannot write etcd')
    expect(writing.stderr).not.toContain('password of')
    expect(writing.code).toBe(3)
  } finally {
    await guarded.stop()
  }
})

test('an etcd with TLS', async () => {
  const authority = await createCertificateAuthority()
  const secured = await startEtcd({ tls: authority.issue('etcd', 'IP:127.0.0.1') })
  try {
    const store = createEtcdStore({ host: [secured.url] }, authority.cert)
    await store.put('/routes/1', '{"uri":"/","upstream":{"nodes":{"127.0.0.1:1":1}}}')
    await store.close()
    const trusting = await migrateToJson('--etcd', secured.url, '--ca', authority.cert)
    expect(trusting).toMatchObject({ code: 0, summary: { runs: 1 } })
    const careless = await migrateToJson('--etcd', secured.url, '--insecure')
    expect(careless.code).toBe(0)
    const wary = await migrate('--etcd', secured.url)
    expect(wary.code).toBe(3)
  } finally {
    await secured.stop()
    await authority.remove()
  }
})

describe('an Admin API', () => {
  test('is read page by page, credentials and all, and shows no private keys', async () => {
    const prefix = '/paged'
    const store = createEtcdStore({ host: [etcd.url], prefix })
    await fillAsApisixDid(store)
    await Promise.all(
      Array.from({ length: 600 }, (_, i) => store.put(`/upstreams/n${i}`, '{"nodes":{"127.0.0.1:1":1}}')),
    )
    await store.delete('/plugins')
    const weir = await startWeir({
      config: { deployment: { ...baseConfig.deployment, ...toEtcd(prefix).deployment } },
      command: 'control-plane',
    })
    try {
      const address = ['--admin', `http://127.0.0.1:${weir.port('Admin API')}`]
      const key = ['--admin-key-file', join(weir.directory, '.weir/admin.key')]
      const path = join(directory, 'from-admin.db')
      const embedded = { store: 'embedded', embedded: { path } }
      const to = await config('from-admin.yaml', { apisix: otherKeyring, weir: embedded })
      const report = await migrateToJson(...address, ...key, '--to', to, '--apply')
      expect(report.keysOf('refused')).toContain('/ssls/dump1')
      expect(report.summary['copies']).toMatchObject({ 'left out': 1 })
      const copied = createEmbeddedStore({ path })
      expect((await copied.list('/upstreams/n')).entries).toHaveLength(600)
      const { entry } = await copied.get('/consumers/jack/credentials/dumpc')
      const cipher = createCipher(otherKeyring.data_encryption.keyring)
      const credential: unknown = JSON.parse(entry?.value ?? '')
      expect(cipher.tryDecrypt(String(at(credential, 'plugins', 'key-auth', 'key')))).toBe('dump-cred-key')
      await copied.close()

      const itself = await config('itself.yaml', { ...toEtcd(prefix), apisix: otherKeyring })
      const before = await store.list('/')
      const same = await migrate(...address, ...key, '--to', itself, '--apply', '--force')
      expect(same.stderr).toContain('source and target are the same')
      expect((await store.list('/')).entries).toEqual(before.entries)

      const wrong = join(directory, 'wrong.key')
      await writeFile(wrong, 'wrong\n')
      const refused = await migrate(...address, '--admin-key-file', wrong)
      expect(refused.stderr).toContain('it refuses the key (401)')
      expect(refused.code).toBe(3)
    } finally {
      await weir.stop()
      await store.close()
    }
  }, 30_000)
})

test('an Admin API that holds the whole configuration itself', async () => {
  const standalone = { role: 'traditional', role_traditional: { config_provider: 'yaml' } }
  const weir = await startWeir({ config: { deployment: { ...baseConfig.deployment, ...standalone } } })
  try {
    const address = ['--admin', `http://127.0.0.1:${weir.port('Admin API')}/apisix/admin/`]
    const key = join(weir.directory, '.weir/admin.key')
    await fetch(`${address[1]}configs`, {
      method: 'PUT',
      headers: { 'X-API-KEY': (await readFile(key, 'utf8')).trim(), 'X-Digest': '1' },
      body: JSON.stringify({ routes: [{ id: 'a', uri: '/', upstream: { nodes: { '127.0.0.1:1': 1 } } }] }),
    })
    const report = await migrateToJson(...address, '--admin-key-file', key)
    expect(report).toMatchObject({ code: 0, summary: { documents: 1, runs: 1 } })
    const nobody = await migrate('--admin', `http://127.0.0.1:${weir.port('proxy')}`)
    expect(nobody.stderr).toContain('there is no Admin API at')
    expect(nobody.code).toBe(1)
  } finally {
    await weir.stop()
  }
})

describe('a file', () => {
  const yaml = `
upstreams:
  - id: u
    type: roundrobin
    nodes: { "127.0.0.1:1980": 1 }
routes:
  - id: r
    uri: /r
    upstream_id: u
  - id: gone
    uri: /gone
    upstream_id: nobody
consumers:
  - username: jack
    plugins: { key-auth: { key: jack-key } }
#END
`

  test('is judged, and becomes documents of a store', async () => {
    await writeFile(join(directory, 'apisix.yaml'), yaml)
    const path = join(directory, 'from-file.db')
    const to = await config('from-file.yaml', { weir: { store: 'embedded', embedded: { path } } })
    const report = await migrateToJson('--file', 'apisix.yaml', '--to', to, '--apply')
    expect(report.keysOf('refused')).toEqual(['/routes/gone'])
    expect(report.summary['copies']).toEqual({ copied: 4 })
    const store = createEmbeddedStore({ path })
    const jack: unknown = JSON.parse((await store.get('/consumers/jack')).entry?.value ?? '')
    expect(at(jack, 'plugins', 'key-auth', 'key')).toBe('1jhUSuP5Dz3oF/IEiJ1SAg==')
    await store.close()
  })

  test('is found beside the configuration that names it', async () => {
    await writeFile(join(directory, 'apisix.yaml'), yaml)
    const standalone = await config('standalone.yaml', {
      deployment: { role: 'data_plane', role_data_plane: { config_provider: 'yaml' } },
    })
    const report = await migrateToJson('-c', standalone)
    expect(report.summary).toMatchObject({ runs: 3, refused: 1 })
  })

  test('that is not finished is nothing to judge', async () => {
    await writeFile(join(directory, 'half.yaml'), 'routes: []\n')
    const { code, stderr } = await migrate('--file', 'half.yaml')
    expect(stderr).toContain('missing valid end flag')
    expect(code).toBe(1)
  })
})

describe('a store that is away has a status of its own', () => {
  test('as a source, as a target, and for check', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const gone = await migrate('--etcd', url)
    expect(gone.stderr).toContain(
      `weir: cannot read etcd, ${url}, prefix /apisix: has no healthy etcd endpoint`,
    )
    expect(gone.code).toBe(3)
    const to = await config('gone.yaml', { deployment: { etcd: { host: [url] } } })
    const target = await migrate('--etcd', etcd.url, '--to', to, '--apply')
    expect(target.stderr).toContain(`weir: cannot write etcd, ${url}, prefix /apisix: has no healthy`)
    expect(target.code).toBe(3)
    const checked = await runWeir(['check', '-c', to], directory)
    expect(await checked.exited).toMatchObject({ code: 3 })
    expect(checked.stderr).toContain(`weir: cannot read etcd, ${url}`)
  })

  test('a store that was never made is not made', async () => {
    const none = await config('none.yaml', { weir: { store: 'embedded', embedded: { path: 'none.db' } } })
    const { code, stderr } = await migrate('-c', none)
    expect(stderr).toContain('there is no store none.db')
    expect(code).toBe(1)
  })
})

test('a line that makes no sense is answered with the usage', async () => {
  const { code, stderr } = await migrate()
  expect(stderr).toContain('the source is missing')
  expect(stderr).toContain('weir migrate [SOURCE]')
  expect(code).toBe(2)
  expect(await migrate('--help')).toMatchObject({ code: 0 })
})

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isJsonObject(inner) ? inner[name] : undefined), value)
}

async function documents(store: ConfigStore) {
  const { entries } = await store.list('/')
  return entries.filter(({ key }) => key !== '/gen_id').map(({ key, value }) => [key, value])
}
