// Access tokens of a Google service account: a signed assertion is exchanged for one, which serves until shortly
// before it expires (RFC 7523; contract/ai-plugins.md §6.3).
import { createPrivateKey } from 'node:crypto'
import { isJsonObject } from '@weir/contract'
import type { Awaitable, PluginHost } from '@weir/plugin-api'
import { type Authorizer, AuthorizationError } from './authorizer.ts'

export interface GcpSettings {
  /** JSON. Default: the environment's GCP_SERVICE_ACCOUNT. */
  readonly service_account_json?: string | undefined
  /** Seconds; the longest that a token is used. */
  readonly max_ttl?: number | undefined
  /** Seconds before its expiry from which on a token is not used. */
  readonly expire_early_secs?: number | undefined
}

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const defaultTokenUri = 'https://oauth2.googleapis.com/token'
const expireEarlySecondsDefault = 60
/** Google's own, when it does not say. */
const lifetimeSecondsDefault = 3600
const assertionLifetime = '1h'
const timeoutMs = 10_000
const answerBytesMax = 65_536

const failed = 'failed to get gcp access token: failed to get google oauth token'

export class GcpTokens implements Authorizer {
  readonly headerNames = ['authorization']
  readonly #settings: GcpSettings
  readonly #host: PluginHost
  readonly #verifyCertificate: boolean
  #headers: readonly string[] = []
  #usableUntilMs = 0
  /** Requests that need a token at once share the asking for it. */
  #asking: Promise<readonly string[]> | undefined = undefined

  constructor(settings: GcpSettings, host: PluginHost, verifyCertificate: boolean) {
    this.#settings = settings
    this.#host = host
    this.#verifyCertificate = verifyCertificate
  }

  authorize(): Awaitable<readonly string[]> {
    if (this.#host.now() < this.#usableUntilMs) return this.#headers
    return (this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    }))
  }

  async #ask(): Promise<readonly string[]> {
    try {
      const { token, lifetimeSeconds } = await this.#exchange()
      this.#headers = ['authorization', `Bearer ${token}`]
      this.#usableUntilMs = this.#host.now() + 1000 * usableSeconds(this.#settings, lifetimeSeconds)
      return this.#headers
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      this.#host.log.error('Google gave no access token', { reason })
      throw new AuthorizationError(failed)
    }
  }

  async #exchange(): Promise<{ readonly token: string; readonly lifetimeSeconds: number }> {
    const account = readAccount(this.#settings.service_account_json ?? process.env['GCP_SERVICE_ACCOUNT'])
    // Loaded with the first token: most gateways ask for none.
    const { SignJWT } = await import('jose')
    const issuedAt = Math.floor(this.#host.now() / 1000)
    const assertion = await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.keyId !== '' && { kid: account.keyId }) })
      .setIssuer(account.email)
      .setAudience(account.tokenUri)
      .setIssuedAt(issuedAt)
      .setExpirationTime(assertionLifetime)
      .sign(createPrivateKey(account.key))
    const answer = await this.#host.http.call({
      url: account.tokenUri,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: grantType, assertion }).toString(),
      timeoutMs,
      maxResponseBytes: answerBytesMax,
      verifyCertificate: this.#verifyCertificate,
    })
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}`)
    const token = parseObject(answer.body.toString())
    if (typeof token?.['access_token'] !== 'string') throw new Error('the answer holds no access token')
    const lifetime = token['expires_in']
    return {
      token: token['access_token'],
      lifetimeSeconds: typeof lifetime === 'number' ? lifetime : lifetimeSecondsDefault,
    }
  }
}

/** A token that lives no longer than the margin is used to its end. */
function usableSeconds(settings: GcpSettings, lifetime: number): number {
  const { max_ttl: max = Infinity, expire_early_secs: early = expireEarlySecondsDefault } = settings
  return Math.min(max, lifetime > early ? lifetime - early : lifetime)
}

interface ServiceAccount {
  readonly email: string
  readonly key: string
  readonly keyId: string
  readonly tokenUri: string
}

/** No message quotes the text: it is a secret. */
function readAccount(json: string | undefined): ServiceAccount {
  if (json === undefined || json === '') throw new Error('no service account is configured')
  const account = parseObject(json)
  if (!account) throw new Error('the service account is not valid JSON')
  const text = (name: string) => (typeof account[name] === 'string' ? account[name] : '')
  const [email, key] = [text('client_email'), text('private_key')]
  if (email === '' || key === '') throw new Error('the service account lacks client_email or private_key')
  return { email, key, keyId: text('private_key_id'), tokenUri: text('token_uri') || defaultTokenUri }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
