import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AwsSecretsServer,
  startAwsSecretsServer,
  startGcpSecretsServer,
  startVaultServer,
} from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterEach, describe, expect, test } from 'vitest'
import { parseManager } from '../open-manager.ts'
import { ManagerThread } from './thread.ts'

const origins = createOrigins()
const world = {
  http: createHttpClient(origins),
  environment: { VAULT_TOKEN: 'from-the-environment' },
  trustedCertificates: 'system',
}
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function open(id: string, document: object) {
  const parsed = parseManager(id, document, world)
  if (!parsed.ok) throw new Error(parsed.error)
  const manager = await parsed.value()
  cleanups.push(() => manager.close())
  return (name: string) => manager.read(name, new AbortController().signal)
}

function served<T extends { close(): Promise<void> }>(server: T): T {
  cleanups.push(() => server.close())
  return server
}

describe('Vault', () => {
  const settings = { prefix: 'kv/apisix' }

  test('reads both versions of the KV engine', async () => {
    const vault = served(await startVaultServer())
    vault.secrets.set('kv/apisix/jack', { key: 'one' })
    vault.secrets.set('kv/apisix/team/rose', { data: { key: 'two' }, metadata: { version: 3 } })
    const read = await open('vault/1', { ...settings, uri: vault.url, token: vault.token })
    expect(await read('jack')).toEqual({ key: 'one' })
    expect(await read('team/rose')).toEqual({ key: 'two' })
    expect(await read('nobody')).toBeUndefined()
  })

  test('sends a namespace, and a token from the environment', async () => {
    const vault = served(await startVaultServer({ token: 'from-the-environment', namespace: 'ns1' }))
    vault.secrets.set('kv/apisix/jack', { key: 'one' })
    const document = { ...settings, uri: `${vault.url}/`, token: '$ENV://VAULT_TOKEN', namespace: 'ns1' }
    expect(await (await open('vault/1', document))('jack')).toEqual({ key: 'one' })
  })

  test.each([
    ['a wrong token', { token: 'wrong' }, undefined, 'Vault answers 403'],
    ['an error', {}, 'fail', 'Vault answers 500'],
    ['no JSON', {}, 'garbage', 'not a JSON object'],
    ['a broken connection', {}, 'reset', ''],
  ] as const)('rejects on %s and quotes nothing', async (_what, change, fault, reason) => {
    const vault = served(await startVaultServer())
    vault.secrets.set('kv/apisix/jack', { key: 'one' })
    vault.setFault(fault)
    const read = await open('vault/1', { ...settings, uri: vault.url, token: vault.token, ...change })
    await expect(read('jack')).rejects.toThrow(reason)
  })
})

function keysOf({ accessKeyId, secretAccessKey, url }: AwsSecretsServer) {
  return { access_key_id: accessKeyId, secret_access_key: secretAccessKey, endpoint_url: url }
}

describe('AWS Secrets Manager', () => {
  test('reads members of a secret, the longest name first', async () => {
    const aws = served(await startAwsSecretsServer({ region: 'eu-west-1', sessionToken: 'session' }))
    aws.secrets.set('jack', { key: 'one', 'deep/key': 'two' })
    aws.secrets.set('team/rose', { key: 'three' })
    const read = await open('aws/1', { ...keysOf(aws), region: 'eu-west-1', session_token: 'session' })
    expect(await read('jack')).toMatchObject({ key: 'one' })
    expect(await read('team/rose')).toEqual({ key: 'three', '': '{"key":"three"}' })
    expect(await read('jack/deep')).toEqual({ key: 'two' })
    expect(await read('nobody')).toBeUndefined()
    expect(aws.reads).toEqual(['jack', 'team/rose', 'jack/deep', 'jack', 'nobody'])
  })

  test('rejects when it is refused, and reads a secret that is no JSON as a text', async () => {
    const aws = served(await startAwsSecretsServer())
    aws.secrets.set('text', 'plain-secret-text')
    const stranger = await open('aws/1', { ...keysOf(aws), access_key_id: 'SOMEBODYELSE' })
    await expect(stranger('text')).rejects.toThrow('refused')
    const read = await open('aws/1', keysOf(aws))
    expect(await read('text')).toEqual({ '': 'plain-secret-text' })
  })
})

describe('GCP Secret Manager', () => {
  test('reads the latest version with a token of the account', async () => {
    const gcp = served(await startGcpSecretsServer())
    gcp.secrets.set('jack', { key: 'one' })
    const read = await open('gcp/1', { auth_config: gcp.account })
    expect(await read('jack')).toMatchObject({ key: 'one' })
    expect(await read('nobody')).toBeUndefined()
    gcp.secrets.set('text', 'plain-secret-text')
    expect(await read('text')).toEqual({ '': 'plain-secret-text' })
    expect(gcp.tokens).toBe(1)
  })

  test('reads the account from a file', async () => {
    const gcp = served(await startGcpSecretsServer())
    gcp.secrets.set('jack', { key: 'one' })
    const directory = await mkdtemp(join(tmpdir(), 'weir-gcp-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    const auth_file = join(directory, 'account.json')
    await expect((await open('gcp/1', { auth_file }))('jack')).rejects.toThrow('ENOENT')
    await writeFile(auth_file, '{"client_email": "x"}')
    await expect((await open('gcp/1', { auth_file }))('jack')).rejects.toThrow('private_key')
    await writeFile(auth_file, JSON.stringify({ type: 'service_account', ...gcp.account }))
    expect(await (await open('gcp/1', { auth_file }))('jack')).toMatchObject({ key: 'one' })
  })
})

test('documents that make no sense are refused in the words of the Admin API', () => {
  expect(parseManager('foo/1', {}, world)).toEqual({ ok: false, error: 'invalid secret manager: foo/1' })
  expect(parseManager('vault/1', { uri: 'http://x' }, world)).toMatchObject({ ok: false })
})

test('a thread that ends fails its reads, and is started again by the next one', async () => {
  const settings = { access_key_id: 'a', secret_access_key: 'b', region: 'us-east-1' }
  const thread = new ManagerThread({ manager: 'aws', settings, trustedCertificates: '/nowhere/ca.pem' })
  await expect(thread.read('x')).rejects.toThrow('/nowhere/ca.pem')
  await expect(thread.read('y')).rejects.toThrow('/nowhere/ca.pem')
})
