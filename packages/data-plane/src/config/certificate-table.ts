// Which certificate answers to a name: those of `ssls` that are on and for servers.
import { TLSSocket } from 'node:tls'
import type { ClientRequest } from '@weir/plugin-api'
import { IncomingRequest } from '../pipeline/client-request.ts'
import type { Match } from '../pipeline/types.ts'
import type { LoadedDocument } from './loaded-document.ts'

export type CertificateDocument = LoadedDocument<'ssls'>

export class CertificateTable {
  readonly #documents = new Map<string, CertificateDocument>()
  /** By name. Where several documents have one, the oldest comes first. */
  readonly #exact = new Map<string, CertificateDocument[]>()
  /** By what follows the star. */
  readonly #wildcard = new Map<string, CertificateDocument[]>()
  readonly #fallbackName: string | undefined
  /** Documents that ask clients for certificates. */
  #verifying = 0

  /** `fallbackName` stands for the name of clients that say none (`fallback_sni`). */
  constructor(fallbackName: string | undefined) {
    this.#fallbackName = fallbackName && canonical(fallbackName)
  }

  set(document: CertificateDocument): void {
    this.delete(document.id)
    const { type, isOn, names, client } = document.value
    if (type !== 'server' || !isOn) return
    this.#documents.set(document.id, document)
    if (client) this.#verifying += 1
    for (const name of names) {
      const [map, key] = this.#placeOf(name)
      const others = map.get(key) ?? []
      map.set(key, [...others, document].toSorted(byAge))
    }
  }

  delete(id: string): void {
    const document = this.#documents.get(id)
    if (!document) return
    this.#documents.delete(id)
    if (document.value.client) this.#verifying -= 1
    for (const name of document.value.names) {
      const [map, key] = this.#placeOf(name)
      const others = (map.get(key) ?? []).filter((one) => one !== document)
      if (others.length > 0) map.set(key, others)
      else map.delete(key)
    }
  }

  /** The certificate for a name that a client asks for; undefined when there is none, or its secrets are not there. */
  find(serverName: string | undefined): CertificateDocument | undefined {
    const name = serverName === undefined ? this.#fallbackName : canonical(serverName)
    if (name === undefined) return undefined
    return this.#exact.get(name)?.[0] ?? this.#findWildcard(name)
  }

  /**
   * What takes the place of a route when a request is refused before anything else: the certificate of its host wants
   * clients to show one, and this one has not, or asked for another name in its handshake (routing.md §1).
   */
  refused(request: ClientRequest): Match | undefined {
    if (this.#verifying === 0 || request.scheme !== 'https') return undefined
    const client = this.find(request.host)?.value.client
    if (!client || client.skips.some((pattern) => pattern.test(request.path))) return undefined
    return this.#isVerified(request) ? undefined : unverified
  }

  #isVerified(request: ClientRequest): boolean {
    const socket = request instanceof IncomingRequest ? request.message.socket : undefined
    if (!(socket instanceof TLSSocket) || !socket.authorized) return false
    const { servername } = socket
    return (typeof servername === 'string' ? canonical(servername) : this.#fallbackName) === request.host
  }

  /** `*.example.com` answers to one label more, and no further. */
  #findWildcard(name: string): CertificateDocument | undefined {
    if (this.#wildcard.size === 0) return undefined
    const dot = name.indexOf('.')
    for (let at = 0; at <= dot; at += 1) {
      const [document] = this.#wildcard.get(name.slice(at)) ?? []
      if (document) return document
    }
    return undefined
  }

  #placeOf(configured: string): readonly [Map<string, CertificateDocument[]>, string] {
    const name = canonical(configured)
    return name.startsWith('*') ? [this.#wildcard, name.slice(1)] : [this.#exact, name]
  }
}

/** Lower case, without the dot that may end a name. */
function canonical(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

const unverified: Match = {
  route: {
    entries: [],
    entriesFor: () => undefined,
    upstream: undefined,
    problem: { status: 400, body: { error_msg: 'a client certificate is required' } },
    enableWebsocket: false,
  },
  facts: {
    id: '',
    name: undefined,
    serviceId: undefined,
    serviceName: undefined,
    uri: '',
    hostPattern: '',
    labels: {},
  },
  params: undefined,
}

function byAge(a: CertificateDocument, b: CertificateDocument): number {
  return a.entry.createRevision - b.entry.createRevision || (a.id < b.id ? -1 : 1)
}
