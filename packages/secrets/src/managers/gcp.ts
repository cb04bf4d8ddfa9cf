// GCP Secret Manager through its official client (contract/etcd.md §6).
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { type Gcp, type GcpAccount, parseGcpAccount } from '@weir/contract'
import type { SecretManager } from './secret-manager.ts'
import { membersOfText, parseSecretText } from './secret-text.ts'

const TIMEOUT_MS = 5000
/** The status of an answer that says so, in Google's numbering. */
const NOT_FOUND = 5

/** Where the client goes by itself. */
const TOKENS = 'https://oauth2.googleapis.com/token'
const SECRETS = /^https:\/\/secretmanager\.googleapis\.com(?::443)?\/v1(?=\/)/

/** Loads the client, which takes tens of megabytes: only for those who use it. */
export async function openGcp(settings: Gcp): Promise<SecretManager> {
  const account = await accountOf(settings)
  const [{ SecretManagerServiceClient }, { JWT }] = await Promise.all([
    import('@google-cloud/secret-manager'),
    import('google-auth-library'),
  ])
  const auth = new JWT({
    email: account.client_email,
    key: account.private_key,
    scopes: [...account.scope],
    additionalClaims: { aud: account.token_uri },
  })
  const agent = settings.ssl_verify ? undefined : new Agent({ rejectUnauthorized: false })
  const entries = account.entries_uri.replace(/\/+$/, '')
  auth.transporter.interceptors.request.add({
    resolved: async (request) => {
      const url = String(request.url)
      request.url = new URL(url === TOKENS ? account.token_uri : url.replace(SECRETS, () => entries))
      if (agent && request.url.protocol === 'https:') request.agent = agent
      return request
    },
  })
  const client = new SecretManagerServiceClient({ authClient: auth, fallback: true })
  // Tokens come from `token_uri`; the client has just decided to sign them itself.
  auth.useJWTAccessWithScope = false
  return {
    async read(name) {
      const path = `projects/${account.project_id}/secrets/${name}/versions/latest`
      const found = await client.accessSecretVersion({ name: path }, { timeout: TIMEOUT_MS }).catch(absent)
      const data = found?.[0].payload?.data
      return found && membersOfText(data ? Buffer.from(data).toString() : undefined)
    },
    close: () => void client.close(),
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return undefined
  throw error
}

async function accountOf({ auth_config, auth_file }: Gcp): Promise<GcpAccount> {
  if (auth_config) return auth_config
  const account = parseGcpAccount(parseSecretText(await readFile(auth_file ?? '', 'utf8')))
  if (!account.ok) throw new Error(`${auth_file}: ${account.error}`)
  return account.value
}
