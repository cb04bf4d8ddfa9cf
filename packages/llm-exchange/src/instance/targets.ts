// Where the requests to one instance connect: the host of its endpoint, or one of its checked addresses.
import type { HealthCheck } from '@weir/contract'
import { type Endpoint, hostHeader } from '@weir/llm'
import type { PluginHost } from '@weir/plugin-api'
import type { HealthView, HealthWanted, Origin } from '@weir/upstream'
import type { TransportSettings } from '../settings.ts'

export interface Target {
  readonly origin: Origin
  /** `host:port` for logs and variables. */
  readonly address: string
  /** The Host header to send, where the connection's own would be an address instead of the name. */
  readonly host: string | undefined
}

export interface Targets {
  /** Whether any can be used. */
  anyUsable(): boolean
  /** To be called before a choice. A promise when a name server has to be asked first. */
  refresh(): void | Promise<void>
  choose(): Target
}

/** Without checks: the name is resolved with each new connection. */
export function createPlainTarget(
  endpoint: Endpoint,
  transport: TransportSettings,
  host: PluginHost,
): Targets {
  const target = {
    origin: openOrigin(endpoint, endpoint.host, transport, host),
    address: `${bracketed(endpoint.host)}:${endpoint.port}`,
    host: undefined,
  }
  return { anyUsable: () => true, refresh: () => undefined, choose: () => target }
}

export interface CheckedTargetsOptions {
  readonly endpoint: Endpoint
  readonly checks: HealthCheck
  readonly transport: TransportSettings
  readonly host: PluginHost
  /** The checker's name, and what alerts call it (routing.md §10.3). */
  readonly name: string
  readonly label: string
  /** Credentials that probes carry, `Name: value`, and the same for the query. */
  readonly headers: readonly string[]
  readonly query: string
}

/** With checks: every address of the endpoint's name is probed, and each request goes to a healthy one. */
export function createCheckedTargets(options: CheckedTargetsOptions): CheckedTargets {
  return new CheckedTargets(options)
}

export class CheckedTargets implements Targets {
  readonly #options: CheckedTargetsOptions
  /** As the resolver gave them: the same array means the same addresses. */
  #resolved: readonly string[] | undefined
  #targets: readonly Target[] = []
  #view: HealthView | undefined

  constructor(options: CheckedTargetsOptions) {
    this.#options = options
  }

  anyUsable(): boolean {
    return this.#view?.anyUsable() ?? false
  }

  refresh(): void | Promise<void> {
    const { host, endpoint } = this.#options
    const addresses = host.resolver.resolve(endpoint.host)
    if (addresses instanceof Promise) return this.#learn(addresses)
    if (addresses !== this.#resolved) this.#use(addresses)
  }

  /** At random among the healthy addresses, else among all (ai-plugins.md §8.3). */
  choose(): Target {
    const view = this.#view
    const usable = view ? this.#targets.filter((_, i) => view.isUsable(i)) : []
    const choices = usable.length > 0 ? usable : this.#targets
    const [only] = choices
    const chosen = choices.length === 1 ? only : choices[Math.floor(Math.random() * choices.length)]
    // Nothing is known of the name: connecting to it fails with the reason.
    return (
      chosen ??
      createPlainTarget(this.#options.endpoint, this.#options.transport, this.#options.host).choose()
    )
  }

  dispose(): void {
    this.#view?.release()
    this.#view = undefined
    this.#resolved = undefined
  }

  async #learn(asked: Promise<readonly string[]>): Promise<void> {
    const { host, endpoint, label } = this.#options
    try {
      const addresses = await asked
      if (addresses !== this.#resolved) this.#use(addresses)
    } catch {
      // The addresses known so far stay in use.
      host.log.warn('the host of an instance cannot be resolved', { instance: label, host: endpoint.host })
    }
  }

  #use(resolved: readonly string[]): void {
    const { endpoint, transport, host } = this.#options
    this.#resolved = resolved
    const addresses = resolved.toSorted()
    const targets = addresses.map((address) => ({
      origin: openOrigin(endpoint, address, transport, host),
      address: `${bracketed(address)}:${endpoint.port}`,
      host: address === endpoint.host ? undefined : hostHeader(endpoint),
    }))
    const isSame =
      targets.length === this.#targets.length &&
      targets.every((one, i) => one.address === this.#targets[i]?.address)
    this.#targets = targets
    if (isSame && this.#view) return
    const before = this.#view
    this.#view = host.health(this.#wanted(addresses))
    // After the new one is held, so that addresses in both keep what is known of them.
    before?.release()
  }

  #wanted(addresses: readonly string[]): HealthWanted {
    const { endpoint, checks, name, label, host, headers, query } = this.#options
    return {
      name,
      checks,
      targets: addresses.map((address) => ({
        host: address,
        port: endpoint.port,
        hostname: address === endpoint.host ? '' : endpoint.host,
      })),
      tls: endpoint.scheme === 'https',
      headers,
      query: query === '' ? undefined : query,
      label,
      resource: host.owner.resourceKey,
    }
  }
}

function openOrigin(
  endpoint: Endpoint,
  address: string,
  transport: TransportSettings,
  host: PluginHost,
): Origin {
  return host.origins.open({
    origin: `${endpoint.scheme}://${bracketed(address)}:${endpoint.port}`,
    serverName: address === endpoint.host ? undefined : endpoint.host,
    verifyCertificate: transport.ssl_verify,
    connectTimeoutMs: transport.timeout,
    keepAlive: {
      connections: transport.keepalive ? transport.keepalive_pool : 0,
      idleMs: transport.keepalive_timeout,
    },
  })
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
