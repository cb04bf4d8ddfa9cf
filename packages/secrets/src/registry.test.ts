import { MessageChannel } from 'node:worker_threads'
import { createLogger } from '@weir/telemetry'
import { startAwsSecretsServer, startVaultServer, until, type VaultServer } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SecretClient } from './client.ts'
import { linkThrough, type SecretLink } from './link.ts'
import { SecretRegistry } from './registry.ts'

const http = createHttpClient(createOrigins())
let vault: VaultServer
let lines: string[]
const registries: SecretRegistry[] = []

beforeEach(async () => {
  lines = []
  vault = await startVaultServer()
  vault.secrets.set('kv/team/jack', { key: 'one', other: 'two', count: 3, list: [] })
})
afterEach(async () => {
  for (const registry of registries.splice(0)) registry.close()
  await vault.close()
})

/** Times in seconds; the defaults of the settings unless a test is about time. */
function createRegistry({ ttl = 300, neg_ttl = 60 } = {}): SecretRegistry {
  const log = createLogger({ level: 'debug', output: { write: (line) => lines.push(line) } })
  const registry = new SecretRegistry({
    http,
    environment: {},
    trustedCertificates: 'system',
    times: { ttl, neg_ttl },
    log,
  })
  registries.push(registry)
  return registry
}

function configure(registry: SecretRegistry, change: object = {}): void {
  registry.configure(
    'vault/1',
    JSON.stringify({ uri: vault.url, prefix: 'kv', token: vault.token, ...change }),
  )
}

/** A client with what it has been told of. */
function createClient(link: SecretLink) {
  const changes: string[] = []
  const client = new SecretClient(link, (references) => void changes.push(...references))
  const settled = (reference: string) =>
    until(() => client.find(reference) !== 'pending' && client.find(reference))
  return { client, changes, settled }
}

const jack = '$secret://vault/1/team/jack/key'

describe('a reference', () => {
  test('is pending at first and then its value; one read serves several of a secret', async () => {
    const registry = createRegistry()
    configure(registry)
    const { client, settled } = createClient(registry.link())
    expect(client.find(jack)).toBe('pending')
    for (const key of ['key', 'other', 'count']) client.hold(`$secret://vault/1/team/jack/${key}`)
    client.hold('$SECRET://vault/1/team/jack/key')
    expect(await settled(jack)).toEqual({ value: 'one' })
    expect(await settled('$secret://vault/1/team/jack/other')).toEqual({ value: 'two' })
    expect(await settled('$secret://vault/1/team/jack/count')).toEqual({ value: '3' })
    expect(await settled('$SECRET://vault/1/team/jack/key')).toEqual({ value: 'one' })
    expect(vault.reads).toEqual(['kv/team/jack'])
    expect(lines).toEqual([])
  })

  test.each([
    ['to a key that is not there', '$secret://vault/1/team/jack/none', 'no such key'],
    ['to what is no single value', '$secret://vault/1/team/jack/list', 'no such key'],
    ['to an inherited member', '$secret://vault/1/team/jack/constructor', 'no such key'],
    ['to a secret that is not there', '$secret://vault/1/team/rose/key', 'no such secret'],
    ['to a manager that is not there', '$secret://vault/2/team/jack/key', '/secrets/vault/2 is missing'],
    ['without a name', '$secret://vault/1/key', 'malformed'],
    ['that leads elsewhere', '$secret://vault/1/../sys/jack/key', 'malformed'],
  ])('%s is unresolved and logged', async (_what, reference, reason) => {
    const registry = createRegistry()
    configure(registry)
    const { client, settled } = createClient(registry.link())
    client.hold(reference)
    expect(await settled(reference)).toBe('unresolved')
    expect(lines.join('')).toContain('"message":"failed to resolve secret reference"')
    expect(lines.join('')).toContain(reason)
  })

  test('is unresolved when its manager fails, which is logged without the token', async () => {
    const registry = createRegistry()
    configure(registry, { token: 'a-wrong-token' })
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    expect(await settled(jack)).toBe('unresolved')
    expect(lines.join('')).toContain('Vault answers 403')
    expect(lines.join('')).not.toContain('a-wrong-token')
  })

  test('is forgotten when nobody holds it', async () => {
    const registry = createRegistry()
    configure(registry)
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    client.hold(jack)
    await settled(jack)
    client.release(jack)
    await new Promise(setImmediate)
    expect(client.find(jack)).toEqual({ value: 'one' })
    client.release(jack)
    await until(() => client.find(jack) === 'pending')
    client.hold(jack)
    await settled(jack)
    expect(vault.reads).toHaveLength(2)
  })
})

test('where names may have slashes a reference stands for a member, or else for a whole text', async () => {
  const aws = await startAwsSecretsServer()
  aws.secrets.set('team', { key: 'one' })
  aws.secrets.set('team/openai', 'sk-plain')
  const registry = createRegistry()
  const { accessKeyId: access_key_id, secretAccessKey: secret_access_key, url: endpoint_url } = aws
  registry.configure('aws/1', JSON.stringify({ access_key_id, secret_access_key, endpoint_url }))
  const { client, settled } = createClient(registry.link())
  const references = ['team/key', 'team/openai', 'team', 'team/none'].map((path) => `$secret://aws/1/${path}`)
  for (const reference of references) client.hold(reference)
  const states = []
  for (const reference of references) states.push(await settled(reference))
  expect(states).toEqual([{ value: 'one' }, { value: 'sk-plain' }, { value: '{"key":"one"}' }, 'unresolved'])
  await aws.close()
})

describe('over time', () => {
  test('a changed value is told within the cache time', async () => {
    const registry = createRegistry({ ttl: 0.2 })
    configure(registry)
    const { client, changes, settled } = createClient(registry.link())
    client.hold(jack)
    await settled(jack)
    vault.secrets.set('kv/team/jack', { key: 'rotated' })
    await until(() => changes.length === 2)
    expect(client.find(jack)).toEqual({ value: 'rotated' })
    await until(() => vault.reads.length >= 4)
    expect(changes).toEqual([jack, jack])
    expect(lines.join('')).not.toMatch(/rotated|"one"/)
  })

  test.each(['fail', 'reset', 'garbage'] as const)(
    'a manager with fault %s takes nothing away',
    async (fault) => {
      const registry = createRegistry({ ttl: 0.2, neg_ttl: 0.2 })
      configure(registry)
      const { client, changes, settled } = createClient(registry.link())
      client.hold(jack)
      await settled(jack)
      vault.setFault(fault)
      await until(() => lines.some((line) => line.includes('"last_known_stays":true')))
      const before = vault.reads.length
      await until(() => vault.reads.length > before)
      expect(client.find(jack)).toEqual({ value: 'one' })
      expect(lines).toHaveLength(1)
      vault.secrets.set('kv/team/jack', { key: 'rotated' })
      vault.setFault(undefined)
      await until(() => changes.length === 2)
      expect(client.find(jack)).toEqual({ value: 'rotated' })
    },
  )

  test('a secret that is deleted is unresolved, and back when it is there again', async () => {
    const registry = createRegistry({ ttl: 0.2, neg_ttl: 0.2 })
    configure(registry)
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    await settled(jack)
    vault.secrets.clear()
    await until(() => client.find(jack) === 'unresolved')
    vault.secrets.set('kv/team/jack', { key: 'again' })
    await until(() => client.find(jack) !== 'unresolved')
    expect(client.find(jack)).toEqual({ value: 'again' })
  })

  test('a manager that does not answer keeps nobody waiting', async () => {
    vault.setFault('hang')
    const registry = createRegistry()
    configure(registry)
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    expect(await settled(jack)).toBe('unresolved')
    expect(lines.join('')).toContain('does not tell')
  })
})

describe('a manager’s document', () => {
  test('takes effect when it comes, changes and goes', async () => {
    const registry = createRegistry()
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    expect(await settled(jack)).toBe('unresolved')
    configure(registry)
    await until(() => client.find(jack) !== 'unresolved')
    vault.secrets.set('kv2/team/jack', { key: 'elsewhere' })
    configure(registry, { prefix: 'kv2' })
    await until(() => JSON.stringify(client.find(jack)) === '{"value":"elsewhere"}')
    registry.configure('vault/1', undefined)
    await until(() => client.find(jack) === 'unresolved')
  })

  test.each(['{', '[]', '{"uri": 1}', '{}'])('%s changes nothing', async (text) => {
    const registry = createRegistry()
    configure(registry)
    registry.configure('vault/1', text)
    const { client, settled } = createClient(registry.link())
    client.hold(jack)
    expect(await settled(jack)).toEqual({ value: 'one' })
    expect(lines.join('')).toMatch(
      /invalid item data of \[secrets\/vault\/1\]|failed to check item data of \[secrets/,
    )
  })
})

test('threads share what is read, and are told by message', async () => {
  const registry = createRegistry({ ttl: 0.2 })
  configure(registry)
  const { port1, port2 } = new MessageChannel()
  const unserve = registry.serve(port1)
  const here = createClient(registry.link())
  const there = createClient(linkThrough(port2))
  here.client.hold(jack)
  there.client.hold(jack)
  expect(await here.settled(jack)).toEqual({ value: 'one' })
  expect(await there.settled(jack)).toEqual({ value: 'one' })
  expect(registry.find(jack)).toEqual({ value: 'one' })
  expect(registry.find('$secret://vault/1/nobody/wants/key')).toBe('pending')
  expect(vault.reads).toHaveLength(1)
  vault.secrets.set('kv/team/jack', { key: 'rotated' })
  await until(() => there.changes.length === 2 && here.changes.length === 2)
  unserve()
  port1.close()
})

test('no more than eight secrets of a manager are read at once', async () => {
  const registry = createRegistry()
  configure(registry)
  vault.setFault('hang')
  const { client } = createClient(registry.link())
  for (let i = 0; i < 100; i++) client.hold(`$secret://vault/1/many/${i}/key`)
  await until(() => vault.reads.length === 8)
  await new Promise((resolve) => void setTimeout(resolve, 50))
  expect(vault.reads).toHaveLength(8)
})
