// The configuration in force. Changes come from the store one by one and touch only what they concern; requests
// read it within one turn of the event loop, so what they see is one state.
import type { StoreChange, StoreEntry } from '@weir/config-store'
import { isJsonObject } from '@weir/contract'
import type { ConsumerLookup, PluginOwner, RequestContext } from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import type { CompiledUpstreams } from '@weir/upstream'
import type { ChainEntry, Match, Runtime } from '../pipeline/types.ts'
import { normalizePath, type PathOptions, type RouterKind } from '../router/index.ts'
import { CertificateTable } from './certificate-table.ts'
import { ConsumerTable } from './consumer-table.ts'
import { checkDocument, type CheckedDocument } from './document.ts'
import { DocumentSecrets, type SecretHolder } from './document-secrets.ts'
import { DocumentSet } from './document-set.ts'
import { Generations, type Stay } from './generations.ts'
import { globalEntries } from './global-rules.ts'
import { KeptValues } from './kept.ts'
import { allKinds, type DocumentName, type Kind, parseKey } from './keys.ts'
import { createLayer, emptyLayer, succeedLayer } from './layer.ts'
import type { AnyDocument, LoadedDocument, References } from './loaded-document.ts'
import type { ParsedPlugins, ParseServices, PluginSetting } from './parse-plugins.ts'
import type { PluginEntry } from './plugin-entry.ts'
import { parsePluginList } from './plugin-list.ts'
import { PluginHosts, type PluginSurroundings } from './plugin-host.ts'
import { RouteTable } from './route-table.ts'
import { UnsupportedLog } from './unsupported-log.ts'

export interface ConfigurationOptions {
  /** The store's prefix, which stands before every resource's key. */
  readonly prefix: string
  readonly router: RouterKind
  readonly paths: PathOptions
  /** `apisix.ssl.fallback_sni`. */
  readonly fallbackName?: string | undefined
  readonly parse: Omit<ParseServices, 'findSecret'>
  readonly secrets: SecretHolder
  readonly plugins: PluginSurroundings
  readonly upstreams: CompiledUpstreams
  readonly log: Logger
  /**
   * Whether a document that turned bad is left out, as in files, and not kept as it was before (etcd.md §5.1).
   */
  readonly leavesOutBad?: boolean
}

/** A document that could not be used, and what is in force instead. */
export interface Rejection {
  /** Below the prefix: `/routes/1`. */
  readonly key: string
  readonly revision: number
  readonly error: string
  /** The revision of the version that stays in force; undefined when there is none. */
  readonly inForce: number | undefined
}

/** Whose plugin configurations stand in chains, and what their owners are called. */
const ownerKinds: { readonly [K in Kind]?: PluginOwner['kind'] } = {
  routes: 'route',
  services: 'service',
  plugin_configs: 'plugin_config',
  consumers: 'consumer',
  credentials: 'credential',
  consumer_groups: 'consumer_group',
  global_rules: 'global_rule',
}

/** Of what stands on a credential only that counts which may stand there. */
function ofCredential(settings: readonly PluginSetting[]): ParsedPlugins {
  return {
    settings: settings.filter(({ plugin }) => plugin.onCredentials === true),
    unsupported: [],
    masked: [],
  }
}

const pluginListKey = '/plugins'

interface Rejected extends Rejection {
  readonly entry: StoreEntry
}

export class Configuration implements Runtime, References {
  readonly upstreams: CompiledUpstreams
  readonly certificates: CertificateTable
  readonly #options: ConfigurationOptions
  readonly #secrets: DocumentSecrets
  readonly #parse: ParseServices
  readonly #documents = new DocumentSet()
  readonly #routes: RouteTable
  readonly #consumers = new ConsumerTable()
  readonly #hosts: PluginHosts
  readonly #generations = new Generations()
  readonly #rejected = new Map<string, Rejected>()
  readonly #unsupported: UnsupportedLog
  #globalEntries: readonly ChainEntry[] | undefined
  /** Moves with every change of what routes refer to. */
  #version = 0
  #revision = 0

  constructor(options: ConfigurationOptions) {
    this.#options = options
    this.#secrets = new DocumentSecrets(options.secrets)
    this.#parse = { ...options.parse, findSecret: this.#secrets.find }
    this.#unsupported = new UnsupportedLog(options.log)
    this.upstreams = options.upstreams
    this.certificates = new CertificateTable(options.fallbackName)
    this.#routes = new RouteTable(options.router, (id) => this.get('services', id)?.value.hosts ?? [])
    const metadata = (plugin: string) => this.get('plugin_metadata', plugin)?.value
    this.#hosts = new PluginHosts(options.plugins, new KeptValues(), this.#consumers.lookup, metadata)
  }

  /** The last revision that was applied; 0 before the first. */
  get revision(): number {
    return this.#revision
  }

  get rejected(): readonly Rejection[] {
    return Array.from(this.#rejected.values(), ({ entry: _entry, ...rejection }) => rejection)
  }

  get consumers(): ConsumerLookup {
    return this.#consumers.lookup
  }

  get globalEntries(): readonly ChainEntry[] {
    return (this.#globalEntries ??= globalEntries(
      this.all('global_rules').map(({ layer }) => layer),
      (plugin) =>
        this.#options.log.error('a plugin stands in two global rules and runs in neither', { plugin }),
    ))
  }

  get<K extends Kind>(kind: K, id: string): LoadedDocument<K> | undefined {
    return this.#documents.get(kind, id)
  }

  all<K extends Kind>(kind: K): readonly LoadedDocument<K>[] {
    return this.#documents.all(kind)
  }

  match(ctx: RequestContext): Match | undefined {
    const { request } = ctx
    const refused = this.certificates.refused(request)
    if (refused) return refused
    const found = this.#routes.match(this.#matchedPath(request), request, (name) => ctx.variable(name))
    return found?.route.resolve(found, this, this.#version)
  }

  /** Every request enters when it begins and leaves when it is over. */
  enter(): Stay {
    return this.#generations.enter()
  }

  leave(stay: Stay): void {
    this.#generations.leave(stay)
  }

  /**
   * Brings the configuration to `revision`. Applying a change twice changes nothing. Documents that cannot be used
   * are reported and isolated (etcd.md §4).
   */
  apply(changes: readonly StoreChange[], revision: number): void {
    // First, since it decides how the others are read.
    const list = changes.findLast(({ key }) => key === pluginListKey)
    if (list) this.#enablePlugins(list.type === 'put' ? list.entry.value : undefined)
    for (const change of changes) {
      const name = parseKey(change.key)
      if (!name) continue
      if (change.type === 'put') this.#put(name, change.entry)
      else this.#delete(name, change.key)
    }
    this.#revision = revision
    this.#generations.advance()
  }

  /** Checks every document again, as after a change of the enabled plugins. */
  reload(): void {
    const inForce = allKinds.flatMap((kind) => this.all(kind).map(({ entry }) => entry.key))
    this.recheck(new Set([...inForce, ...this.#rejected.keys()]))
  }

  /** Whether any document lacks a secret that is being looked up. */
  get isWaiting(): boolean {
    return this.#secrets.isWaiting
  }

  /** Keys of documents that refer to any of these. */
  usersOf(references: readonly string[]): readonly string[] {
    return this.#secrets.usersOf(references)
  }

  /** Checks these documents again: the version in force, and after it a newer one that waits or was rejected. */
  recheck(keys: Iterable<string>): void {
    for (const key of keys) {
      const name = parseKey(key)
      if (!name) continue
      const inForce = this.get(name.kind, name.id)?.entry
      const newer = this.#secrets.waiting(key) ?? this.#rejected.get(key)?.entry
      if (inForce) this.#check(name, inForce)
      if (newer && newer !== inForce) this.#check(name, newer)
    }
    this.#generations.advance()
  }

  #put(name: DocumentName, entry: StoreEntry): void {
    if (this.get(name.kind, name.id)?.entry.modRevision !== entry.modRevision) this.#check(name, entry)
  }

  #check({ kind, id }: DocumentName, entry: StoreEntry): void {
    const before = this.get(kind, id)
    const checked = checkDocument(kind, id, entry, this.#parse)
    if (typeof checked === 'string') {
      if (before && this.#options.leavesOutBad) this.#delete({ kind, id }, entry.key)
      this.#secrets.note(entry, 'rejected')
      this.#reject(entry, checked, this.get(kind, id)?.entry.modRevision)
      return
    }
    this.#rejected.delete(entry.key)
    // The version in force serves until the new one has its secrets. Without one, the new one refuses until then.
    const waits = before !== undefined && this.#secrets.isPending
    this.#secrets.note(entry, waits ? 'waits' : 'placed')
    if (waits) return
    const document = this.#load(checked, id, entry)
    this.#retire(succeedLayer(document.layer, before?.layer ?? emptyLayer))
    this.#documents.set(document)
    if (before && holdsUpstream(before) && !holdsUpstream(document)) this.upstreams.drop(before.resourceKey)
    this.#placed(document)
  }

  #delete({ kind, id }: DocumentName, key: string): void {
    this.#rejected.delete(key)
    this.#secrets.forget(key)
    const before = this.get(kind, id)
    if (!before) return
    this.#retire(succeedLayer(emptyLayer, before.layer))
    this.#documents.delete(kind, id)
    this.#removed(kind, id)
    if (holdsUpstream(before)) this.upstreams.drop(before.resourceKey)
  }

  #reject(entry: StoreEntry, error: string, inForce: number | undefined): void {
    const { key, modRevision } = entry
    this.#rejected.set(key, { key, revision: modRevision, error, inForce, entry })
    this.#options.log.error(error, { key, revision: modRevision, in_force: inForce })
  }

  #load({ kind, value, plugins }: CheckedDocument, id: string, entry: StoreEntry): AnyDocument {
    this.#unsupported.tell(plugins.unsupported, entry.key)
    const resourceKey = this.#options.prefix + entry.key
    const owned = ownerKinds[kind]
    const isIdentity = kind === 'consumers' || kind === 'credentials'
    const identities = isIdentity ? plugins.settings.filter(({ plugin }) => plugin.type === 'auth') : []
    const settings = plugins.settings.filter((setting) => !identities.includes(setting))
    const own = kind === 'credentials' ? ofCredential(settings) : { ...plugins, settings }
    const layer = owned ? createLayer(own, { resourceKey, kind: owned, id }, this.#hosts) : emptyLayer
    // Kind and value of a checked document belong together, which the type system loses when they are taken apart.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { kind, id, resourceKey, entry, value, layer, identities } as AnyDocument
  }

  #retire(entries: readonly PluginEntry[]): void {
    for (const entry of entries) this.#generations.retire(() => entry.dispose())
  }

  #placed(document: AnyDocument): void {
    switch (document.kind) {
      case 'routes':
        return this.#routes.set(document)
      case 'consumers':
        return this.#consumers.setConsumer(document)
      case 'credentials':
        return this.#consumers.setCredential(document)
      case 'consumer_groups':
        return this.#consumers.setGroup(document)
      case 'ssls':
        this.certificates.set(document)
        return this.#touched('ssls', document.id)
      case 'services':
      case 'upstreams':
      case 'plugin_configs':
      case 'global_rules':
      case 'plugin_metadata':
        return this.#touched(document.kind, document.id)
    }
  }

  #removed(kind: Kind, id: string): void {
    switch (kind) {
      case 'routes':
        return this.#routes.delete(id)
      case 'consumers':
        return this.#consumers.deleteConsumer(id)
      case 'credentials':
        return this.#consumers.deleteCredential(id)
      case 'consumer_groups':
        return this.#consumers.deleteGroup(id)
      case 'ssls':
        this.certificates.delete(id)
        return this.#touched('ssls', id)
      case 'services':
      case 'upstreams':
      case 'plugin_configs':
      case 'global_rules':
      case 'plugin_metadata':
        return this.#touched(kind, id)
    }
  }

  /** What refers to this document is compiled anew when a request next meets it. */
  #touched(kind: Kind, id: string): void {
    if (kind === 'global_rules') this.#globalEntries = undefined
    else if (kind !== 'plugin_metadata') this.#version += 1
    if (kind === 'services') this.#routes.serviceHostsChanged(id)
  }

  #enablePlugins(list: string | undefined): void {
    const names = list === undefined ? undefined : parsePluginList(list)
    if (names === 'malformed') {
      this.#options.log.error('the list of plugins in the store is malformed and ignored', {
        key: pluginListKey,
      })
      return
    }
    if (this.#options.parse.catalog.enable(names)) this.reload()
  }

  #matchedPath({ path, target }: RequestContext['request']): string {
    const { paths } = this.#options
    if (!paths.match_uri_encoded_slash) return path
    const mark = target.indexOf('?')
    return normalizePath(mark < 0 ? target : target.slice(0, mark), paths)?.matched ?? path
  }
}

/** Whether something is compiled under the document's key when a request needs it. */
function holdsUpstream(document: LoadedDocument<Kind>): boolean {
  if (document.kind === 'upstreams') return true
  return isJsonObject(document.value) && document.value['upstream'] !== undefined
}
