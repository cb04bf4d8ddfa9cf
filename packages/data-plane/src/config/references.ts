// Values of plugin configurations that stand elsewhere: `$env://` in the environment, `$secret://` with a secret
// manager (etcd.md §6).
import { type Environment, isJsonObject } from '@weir/contract'
import { isSecretReference, readEnvironment, type SecretState } from '@weir/secrets'

export interface ReferenceSources {
  readonly environment: Environment
  /** Where there are no secret managers, as when documents are only checked, every secret is pending. */
  readonly findSecret?: ((reference: string) => SecretState) | undefined
}

/** Resolves one configuration and tells what could not be resolved; that stays as it is. */
export class Resolution {
  readonly unresolved: string[] = []
  isPending = false
  readonly #sources: ReferenceSources

  constructor(sources: ReferenceSources) {
    this.#sources = sources
  }

  /** A copy with every reference resolved that can be. */
  resolve(value: unknown): unknown {
    if (typeof value === 'string') return value.startsWith('$') ? this.#resolveText(value) : value
    if (Array.isArray(value)) return value.map((item) => this.resolve(item))
    if (!isJsonObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, this.resolve(member)] as const),
    )
  }

  #resolveText(text: string): string {
    if (isSecretReference(text)) return this.#resolveSecret(text)
    if (!/^\$env:\/\//i.test(text)) return text
    const value = readEnvironment(text, this.#sources.environment)
    if (value === undefined) this.unresolved.push(text)
    return value ?? text
  }

  #resolveSecret(reference: string): string {
    const state = this.#sources.findSecret?.(reference) ?? 'pending'
    if (typeof state === 'object') return state.value
    if (state === 'pending') this.isPending = true
    else this.unresolved.push(reference)
    return reference
  }
}
