// Secrets as an operator meets them: managers and references put through the Admin API, with the executable running.
import {
  rawRequest,
  startAwsSecretsServer,
  startGcpSecretsServer,
  startLlmServer,
  startVaultServer,
  until,
} from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { startWeir } from './testing/weir-process.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function served<T extends { close(): Promise<void> }>(server: T): T {
  cleanups.push(() => server.close())
  return server
}

test('keys in Vault, AWS and GCP open routes', async () => {
  const [vault, aws, gcp] = await Promise.all([
    startVaultServer(),
    startAwsSecretsServer(),
    startGcpSecretsServer(),
  ])
  for (const server of [vault, aws, gcp]) served(server)
  vault.secrets.set('kv/keys', { key: 'from-vault' })
  aws.secrets.set('keys', { key: 'from-aws' })
  gcp.secrets.set('keys', { key: 'from-gcp' })
  const weir = await startWeir()
  cleanups.push(() => weir.stop())
  const put = async (path: string, body: object) => {
    const answer = await weir.request('Admin API', `/apisix/admin/${path}`, { method: 'PUT', body })
    expect(answer).toMatchObject({ status: 201 })
  }
  const keys = { access_key_id: aws.accessKeyId, secret_access_key: aws.secretAccessKey }
  await put('secrets/vault/1', { uri: vault.url, prefix: 'kv', token: vault.token })
  await put('secrets/aws/1', { ...keys, endpoint_url: aws.url })
  await put('secrets/gcp/1', { auth_config: gcp.account })
  for (const manager of ['vault', 'aws', 'gcp']) {
    const key = `$secret://${manager}/1/keys/key`
    await put(`consumers/${manager}`, { username: manager, plugins: { 'key-auth': { key } } })
  }
  const llm = served(await startLlmServer())
  const endpoint = `http://127.0.0.1:${llm.port}/v1/chat/completions`
  const auth = { header: { Authorization: '$secret://vault/1/keys/key' } }
  const provider = { provider: 'openai-compatible', auth, override: { endpoint } }
  await put('routes/1', { uri: '/chat', plugins: { 'key-auth': {}, 'ai-proxy': provider } })
  const chat = (apikey: string) =>
    rawRequest({
      port: weir.port('proxy'),
      path: '/chat',
      method: 'POST',
      headers: { apikey, 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }] }),
    })
  for (const manager of ['vault', 'aws', 'gcp']) {
    await until(async () => (await chat(`from-${manager}`)).status === 200, { timeoutMs: 30_000 })
  }
  expect((await chat('$secret://vault/1/keys/key')).status).toBe(401)
  expect(llm.requests.at(-1)?.headers['authorization']).toBe('from-vault')
  expect(weir.process.stderr + weir.process.stdout).not.toMatch(
    /from-(vault|aws|gcp)|vault-token|BEGIN PRIVATE/,
  )
})
