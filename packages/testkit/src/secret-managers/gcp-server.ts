// A fake GCP Secret Manager with the token service beside it. Keys of `secrets` are names, values the JSON (or text)
// of their latest version.
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { type SecretServer, startSecretServer } from './secret-server.ts'

export interface GcpSecretsServer extends SecretServer {
  /** The account that may read, as `auth_config` and `auth_file` have it. */
  readonly account: {
    readonly client_email: string
    readonly private_key: string
    readonly project_id: string
    readonly token_uri: string
    readonly entries_uri: string
  }
  /** Tokens given so far. */
  readonly tokens: number
}

const PROJECT = 'test-project'
const EMAIL = 'weir@test-project.iam.gserviceaccount.com'
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

export async function startGcpSecretsServer(): Promise<GcpSecretsServer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  let tokens = 0

  const server = await startSecretServer(({ request, path, body }, secrets) => {
    if (path === '/token') {
      const assertion = new URLSearchParams(body).get('assertion') ?? ''
      if (!isGenuine(assertion, publicKey, `${server.url}/token`)) {
        return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT' } }
      }
      tokens += 1
      return {
        status: 200,
        body: { access_token: `token-${tokens}`, expires_in: 3600, token_type: 'Bearer' },
      }
    }
    if (tokens === 0 || request.headers.authorization !== `Bearer token-${tokens}`) return googleError(401)
    const [, read = ''] =
      /^\/base\/v1\/projects\/test-project\/secrets\/([^/]+)\/versions\/latest:access$/.exec(path) ?? []
    if (!secrets.has(read)) return { ...googleError(404), read }
    const value = secrets.get(read)
    const data = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
    return { status: 200, body: { name: `${read}/versions/1`, payload: { data } }, read }
  })

  return {
    ...server,
    get tokens() {
      return tokens
    },
    account: {
      client_email: EMAIL,
      private_key: privateKey,
      project_id: PROJECT,
      token_uri: `${server.url}/token`,
      entries_uri: `${server.url}/base/v1`,
    },
  }
}

function isGenuine(assertion: string, publicKey: string, audience: string): boolean {
  const [head = '', claims = '', signature = ''] = assertion.split('.')
  const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`)
  if (!verify.verify(publicKey, signature, 'base64url')) return false
  const { iss, aud, scope } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
    string,
    unknown
  >
  return iss === EMAIL && aud === audience && scope === SCOPE
}

function googleError(code: 401 | 404) {
  const status = code === 404 ? 'NOT_FOUND' : 'UNAUTHENTICATED'
  return { status: code, body: { error: { code, message: 'refused', status } } }
}
