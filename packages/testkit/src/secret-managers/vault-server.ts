// A fake HashiCorp Vault: KV engines over HTTP. Keys of `secrets` are paths below /v1/, values the `data` of answers.
import { type SecretServer, startSecretServer } from './secret-server.ts'

export interface VaultServer extends SecretServer {
  readonly token: string
}

export async function startVaultServer(
  options: { readonly token?: string; readonly namespace?: string } = {},
): Promise<VaultServer> {
  const { token = 'vault-token', namespace } = options
  const server = await startSecretServer(({ request, path }, secrets) => {
    const { headers, method } = request
    const mayRead =
      headers['x-vault-token'] === token && (namespace ?? '') === (headers['x-vault-namespace'] ?? '')
    if (!mayRead) return { status: 403, body: { errors: ['permission denied'] } }
    const read = decodeURIComponent(path.replace(/^\/v1\//, ''))
    if (method !== 'GET' || !secrets.has(read)) return { status: 404, body: { errors: [] }, read }
    return { status: 200, body: { lease_duration: 2_764_800, data: secrets.get(read) }, read }
  })
  return { ...server, token }
}
