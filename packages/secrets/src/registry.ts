// All secrets that the process uses: asked for once, whatever the number of threads, and kept fresh.
import type { MessagePort } from 'node:worker_threads'
import type { Logger } from '@weir/telemetry'
import { Complaints } from './complaints.ts'
import { KeptSecret } from './kept-secret.ts'
import type { SecretLink, SecretNews, SecretState, SecretWishes } from './link.ts'
import { ManagerSession, parseDocument } from './manager-session.ts'
import { toText } from './member-text.ts'
import type { ManagerWorld } from './open-manager.ts'
import { parseSecretReference, type SecretReference } from './reference.ts'

export interface SecretRegistryOptions extends ManagerWorld {
  /** `apisix.lru.secret`: seconds until a secret is read again, and until a failure is tried again. */
  readonly times: { readonly ttl: number; readonly neg_ttl: number }
  readonly log: Logger
}

/** Whom to tell of a reference. */
type Listener = (reference: string, value: string | undefined) => void

interface Wanted {
  /** What the reference may stand for. A later one is read only when those before it are not there. */
  readonly meanings: readonly SecretReference[]
  /** What the listeners were told; `pending` until then. */
  state: { value: string | undefined } | 'pending'
  readonly listeners: Set<Listener>
}

/** A secret with the texts of the references that lead to it. */
interface Shared {
  readonly secret: KeptSecret
  readonly references: Set<string>
}

export class SecretRegistry {
  readonly #options: SecretRegistryOptions
  readonly #complaints: Complaints
  readonly #managers = new Map<string, ManagerSession>()
  /** By manager and name. */
  readonly #secrets = new Map<string, Map<string, Shared>>()
  readonly #wanted = new Map<string, Wanted>()

  constructor(options: SecretRegistryOptions) {
    this.#options = options
    this.#complaints = new Complaints(options.log)
  }

  /** A document `/secrets/<id>` as it is now; undefined when it is gone. An unusable one changes nothing. */
  configure(id: string, text: string | undefined): void {
    const session = this.#managers.get(id)
    if (text === undefined) {
      session?.close()
      this.#managers.delete(id)
    } else {
      const open = parseDocument(id, text, this.#options)
      if (typeof open === 'string') {
        this.#options.log.error(open, { in_force: session !== undefined })
        return
      }
      if (session) session.replace(open)
      else this.#managers.set(id, new ManagerSession(open))
    }
    for (const { secret } of this.#secrets.get(id)?.values() ?? []) secret.refresh()
  }

  /** The link of a thread that shares this one's memory. */
  link(): SecretLink {
    const connection = new Connection(this)
    return {
      wish: (wishes) => connection.wish(wishes),
      listen: (told) => (connection.told = told),
    }
  }

  /** Answers a thread at the other end of `port`, until the returned function is called. */
  serve(port: MessagePort): () => void {
    const connection = new Connection(this)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
    connection.told = (news) => port.postMessage(news)
    port.on('message', (wishes: SecretWishes) => connection.wish(wishes))
    return () => connection.close()
  }

  /** `listener` hears of it at once if it is known, and of every change. */
  want(reference: string, listener: Listener): void {
    const known = this.#wanted.get(reference)
    if (known) {
      known.listeners.add(listener)
      if (known.state !== 'pending') listener(reference, known.state.value)
      return
    }
    const meanings = parseSecretReference(reference)
    this.#wanted.set(reference, { meanings, state: 'pending', listeners: new Set([listener]) })
    this.#update(reference)
  }

  /** What those who want it have been told; pending when nobody wants it. */
  find(reference: string): SecretState {
    const state = this.#wanted.get(reference)?.state ?? 'pending'
    if (state === 'pending') return state
    return state.value === undefined ? 'unresolved' : { value: state.value }
  }

  release(reference: string, listener: Listener): void {
    const wanted = this.#wanted.get(reference)
    wanted?.listeners.delete(listener)
    if (!wanted || wanted.listeners.size > 0) return
    this.#wanted.delete(reference)
    for (const meaning of wanted.meanings) this.#unshare(meaning, reference)
  }

  close(): void {
    for (const secrets of this.#secrets.values()) {
      for (const { secret } of secrets.values()) secret.close()
    }
    for (const session of this.#managers.values()) session.close()
    this.#secrets.clear()
    this.#managers.clear()
    this.#wanted.clear()
  }

  #share({ manager, name }: SecretReference): Shared {
    const ofManager = this.#secrets.get(manager) ?? new Map<string, Shared>()
    this.#secrets.set(manager, ofManager)
    const known = ofManager.get(name)
    if (known) return known
    const references = new Set<string>()
    const secret = new KeptSecret({
      ...this.#options.times,
      // Without its document a manager has no secrets.
      read: async (signal) => this.#managers.get(manager)?.read(name, signal),
      changed: () => {
        for (const reference of references) this.#update(reference)
      },
      failed: (error, isKnown) => this.#complaints.report(manager, name, error, isKnown),
    })
    const shared = { secret, references }
    ofManager.set(name, shared)
    return shared
  }

  #unshare({ manager, name }: SecretReference, reference: string): void {
    const ofManager = this.#secrets.get(manager)
    const shared = ofManager?.get(name)
    shared?.references.delete(reference)
    if (!ofManager || !shared || shared.references.size > 0) return
    shared.secret.close()
    ofManager.delete(name)
    if (ofManager.size === 0) this.#secrets.delete(manager)
  }

  /** Tells those who want it, if it stands for something else than before. */
  #update(reference: string): void {
    const wanted = this.#wanted.get(reference)
    if (!wanted) return
    const now = this.#look(reference, wanted.meanings)
    if (now === 'pending') return
    if (wanted.state !== 'pending' && wanted.state.value === now.value) return
    wanted.state = { value: now.value }
    if (now.problem !== undefined) {
      const fields = { reference, reason: now.problem }
      this.#options.log.error('failed to resolve secret reference', fields)
    }
    for (const listener of wanted.listeners) listener(reference, now.value)
  }

  #look(reference: string, meanings: readonly SecretReference[]): Found | 'pending' {
    let first: Found | undefined
    for (const meaning of meanings) {
      const found = this.#lookAt(reference, meaning)
      if (found === 'pending' || found.value !== undefined) return found
      first ??= found
    }
    return first ?? { value: undefined, problem: 'it is malformed' }
  }

  #lookAt(reference: string, meaning: SecretReference): Found | 'pending' {
    const { secret, references } = this.#share(meaning)
    references.add(reference)
    const { members } = secret
    if (members === 'pending') return 'pending'
    if (members === 'unknown') return { value: undefined, problem: 'the secret manager does not tell' }
    if (members === 'absent') {
      const { manager } = meaning
      const problem = this.#managers.has(manager)
        ? 'there is no such secret'
        : `/secrets/${manager} is missing`
      return { value: undefined, problem }
    }
    const value = toText(members, meaning.key)
    return value === undefined ? { value, problem: 'the secret has no such key' } : { value }
  }
}

/** What a reference stands for, or why for nothing. */
interface Found {
  readonly value: string | undefined
  readonly problem?: string
}

/** One thread that wants secrets. */
class Connection {
  readonly #registry: SecretRegistry
  readonly #wanted = new Set<string>()
  #news = new Map<string, string | undefined>()
  told: ((news: SecretNews) => void) | undefined

  constructor(registry: SecretRegistry) {
    this.#registry = registry
  }

  wish({ wanted, released }: SecretWishes): void {
    for (const reference of released) {
      this.#wanted.delete(reference)
      this.#news.delete(reference)
      this.#registry.release(reference, this.#hear)
    }
    for (const reference of wanted) {
      this.#wanted.add(reference)
      this.#registry.want(reference, this.#hear)
    }
  }

  close(): void {
    this.told = undefined
    this.wish({ wanted: [], released: [...this.#wanted] })
  }

  readonly #hear = (reference: string, value: string | undefined): void => {
    // What becomes known in one turn is told together.
    if (this.#news.size === 0) setImmediate(() => this.#tell())
    this.#news.set(reference, value)
  }

  #tell(): void {
    const news = [...this.#news]
    this.#news = new Map()
    if (news.length > 0) this.told?.(news)
  }
}
