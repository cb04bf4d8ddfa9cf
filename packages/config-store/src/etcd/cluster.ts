// The endpoints of one etcd cluster: calls go to the one that worked last, and on to the next when it fails.
import assert from 'node:assert/strict'
import {
  type Etcd3,
  GRPCUnavailableError,
  isRecoverableError,
  type IDuplexStream,
  type IWatchRequest,
  type IWatchResponse,
} from 'etcd3'
import { StoreUnavailableError } from '../store.ts'
import { callOptions, isTokenRefusal } from './call-options.ts'
import { connect } from './connection.ts'
import type { CallOptions } from './grpc.ts'
import { DEFAULT_HOST, DEFAULT_TIMEOUT_S, type EtcdSettings } from './settings.ts'

/** The text of APISIX (contract: etcd.md §2). */
const NONE_HEALTHY = 'has no healthy etcd endpoint available'

/** APISIX renews its token as often (contract: etcd.md §2); etcd forgets an unused one after 5 minutes. */
const TOKEN_LIFETIME_MS = 3 * 60_000

export interface OpenedWatch {
  readonly stream: IDuplexStream<IWatchRequest, IWatchResponse>
  /** To be called when the stream does not serve: the next call takes another endpoint. */
  giveUp(): void
}

type Call<T> = (client: Etcd3, options: CallOptions) => Promise<T>

export class EtcdCluster {
  readonly #clients: readonly Etcd3[]
  readonly #timeoutMs: number
  readonly #login: { name: string; password: string } | undefined
  #current: number
  #closed = false
  #token: { readonly text: Promise<string>; readonly renewAt: number } | undefined

  constructor(settings: EtcdSettings, trustedCertificates: string) {
    const { host = [DEFAULT_HOST], timeout = DEFAULT_TIMEOUT_S, user, password, tls } = settings
    if (host.length === 0) throw new Error('deployment.etcd.host needs at least one URL')
    this.#clients = host.map((url) => connect(url, tls, trustedCertificates))
    this.#timeoutMs = timeout * 1000
    this.#login = user === undefined ? undefined : { name: user, password: password ?? '' }
    // Many gateways begin with different members of the cluster.
    this.#current = Math.floor(Math.random() * host.length)
  }

  /**
   * A call that changes nothing, repeated on every endpoint and at least once, because a connection that was idle may
   * have died unnoticed. Rejects with a {@link StoreUnavailableError}, at the latest after the settings' timeout.
   */
  read<T>(call: Call<T>, timeoutMs = Infinity): Promise<T> {
    return this.#attempt(call, isRecoverableError, Math.min(timeoutMs, this.#timeoutMs))
  }

  /** A call that is only repeated when it certainly was not executed. */
  write<T>(call: Call<T>): Promise<T> {
    return this.#attempt(call, wasNotSent, this.#timeoutMs)
  }

  /** A stream on the current endpoint. Its handlers must be attached without awaiting anything else. */
  async openWatch(timeoutMs: number): Promise<OpenedWatch> {
    const client = this.#client
    const headers = await this.#headers(Date.now() + timeoutMs)
    // A member that lost its cluster ends the stream instead of keeping quiet for ever.
    const options = callOptions(undefined, { ...headers, hasleader: 'true' })
    const stream = await client.watchClient.watch(options)
    return { stream, giveUp: () => this.#moveOnFrom(client) }
  }

  close(): void {
    this.#closed = true
    for (const client of this.#clients) client.close()
  }

  get #client(): Etcd3 {
    if (this.#closed) throw new StoreUnavailableError('the store is closed')
    const client = this.#clients[this.#current]
    assert(client)
    return client
  }

  async #attempt<T>(call: Call<T>, mayRepeat: (error: Error) => boolean, timeoutMs: number): Promise<T> {
    const attemptsMax = Math.max(2, this.#clients.length)
    let failures = 0
    let tokenRenewed = false
    for (;;) {
      const client = this.#client
      // Each attempt has its share of the time, so that a silent endpoint leaves some for the others.
      const deadline = Date.now() + timeoutMs / attemptsMax
      try {
        return await call(client, callOptions(deadline, await this.#headers(deadline)))
      } catch (error) {
        if (!(error instanceof Error)) throw error
        if (isTokenRefusal(error) && !tokenRenewed) {
          tokenRenewed = true
          this.#token = undefined
          continue
        }
        if (isRecoverableError(error)) this.#moveOnFrom(client)
        if (!mayRepeat(error) || ++failures >= attemptsMax) throw toStoreError(error)
      }
    }
  }

  /** Takes the next endpoint, unless somebody else already did, and a new token, as the old one may be the cause. */
  #moveOnFrom(client: Etcd3): void {
    if (client !== this.#clients[this.#current]) return
    this.#current = (this.#current + 1) % this.#clients.length
    this.#token = undefined
  }

  async #headers(deadline: number): Promise<Record<string, string>> {
    const login = this.#login
    if (!login) return {}
    if (!this.#token || performance.now() > this.#token.renewAt) {
      const { auth } = this.#client
      const text = auth.authenticate(login, callOptions(deadline, {})).then(({ token }) => token)
      this.#token = { text, renewAt: performance.now() + TOKEN_LIFETIME_MS }
    }
    const current = this.#token
    try {
      return { token: await current.text }
    } catch (error) {
      if (this.#token === current) this.#token = undefined
      throw error
    }
  }
}

/** What gRPC says when it had no connection to send on. */
const NOT_SENT = ['No connection established', 'Channel closed before call started']

function wasNotSent(error: Error): boolean {
  return error instanceof GRPCUnavailableError && NOT_SENT.some((text) => error.message.includes(text))
}

/** A refusal by etcd keeps etcd's words; everything else means that nobody answered. */
function toStoreError(error: Error): Error {
  if (error instanceof StoreUnavailableError) return error
  const message = isRecoverableError(error) ? NONE_HEALTHY : `etcd refuses: ${error.message}`
  return new StoreUnavailableError(message, { cause: error })
}
