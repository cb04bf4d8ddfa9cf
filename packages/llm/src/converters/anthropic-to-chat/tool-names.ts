// OpenAI allows fewer characters in a tool's name than Anthropic (contract/ai-plugins.md §7.1).
import { createHash } from 'node:crypto'

const lengthMax = 64
const keptLength = 55
const hashLength = 8

/** The names of one request's tools, both ways. */
export class ToolNames {
  readonly #originals = new Map<string, string>()
  readonly #declared = new Map<string, string>()

  shorten(original: string): string {
    const clean = original.replaceAll(/[^A-Za-z0-9_-]/g, '_')
    if (clean === original && original.length <= lengthMax) return original
    const hash = createHash('sha256').update(original).digest('hex').slice(0, hashLength)
    const name = `${clean.slice(0, keptLength)}_${hash}`
    this.#originals.set(name, original)
    return name
  }

  declare(original: string): string {
    const name = this.shorten(original)
    this.#declared.set(original, name)
    return name
  }

  /** As it was declared; the name of no tool stays as it is, and is the provider's to refuse. */
  declared(original: string): string {
    return this.#declared.get(original) ?? original
  }

  restore(name: string): string {
    return this.#originals.get(name) ?? name
  }
}
