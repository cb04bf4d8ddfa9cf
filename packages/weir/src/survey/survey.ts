// Goes through all documents of a source, those that are referred to first, and says of each what becomes of it.
// Holds one page of documents at a time, and of all others only what references need.
import type { StoreEntry } from '@weir/config-store'
import type { JsonObject } from '@weir/contract'
import { assess, type Judgement, type Judges } from './assess.ts'
import type { Source } from './source.ts'
import type { Assessment } from './verdict.ts'

export interface Surveyed {
  readonly entry: StoreEntry
  readonly assessment: Assessment
  /** The document with its secrets in plain text; undefined when it has a fault, or nothing to encrypt. */
  readonly plain: JsonObject | undefined
}

/** Every directory of a store, those that are referred to before those that refer to them. */
const directories = [
  'ssls',
  'secrets',
  'protos',
  'plugin_metadata',
  'upstreams',
  'plugin_configs',
  'consumer_groups',
  'services',
  'consumers',
  'global_rules',
  'stream_routes',
  'routes',
] as const

const referredTo: ReadonlySet<string> = new Set([
  'secrets',
  'upstreams',
  'plugin_configs',
  'consumer_groups',
  'services',
  'consumers',
])

export async function* survey(source: Source, judges: Judges): AsyncGenerator<readonly Surveyed[]> {
  const walk = new Walk(source, judges)
  for (const directory of directories) {
    for await (const page of source.read(directory)) {
      const surveyed: Surveyed[] = []
      for (const entry of page) surveyed.push(await walk.visit(directory, entry))
      yield surveyed
    }
  }
}

class Walk {
  readonly #source: Source
  readonly #judges: Judges
  /** Documents that others may refer to, and whether requests that need them fail. */
  readonly #blocks = new Map<string, boolean>()
  /** Where each plugin of a global rule stands. */
  readonly #global = new Map<string, string>()

  constructor(source: Source, judges: Judges) {
    this.#source = source
    this.#judges = judges
  }

  async visit(directory: string, entry: StoreEntry): Promise<Surveyed> {
    const judgement = assess(entry, this.#judges)
    const dangling = await this.#dangling(judgement.references)
    const reasons = [...judgement.reasons, ...dangling]
    const { differences, fault, plain } = judgement
    const notes = [...judgement.notes, ...this.#doubled(entry.key, judgement)]
    if (referredTo.has(directory)) this.#blocks.set(entry.key, judgement.blocks || dangling.length > 0)
    const verdict = reasons.length > 0 ? 'refused' : differences.length > 0 ? 'differs' : 'runs'
    return { entry, assessment: { verdict, reasons, differences, notes, fault }, plain }
  }

  async #dangling(references: readonly string[]): Promise<readonly string[]> {
    const reasons: string[] = []
    for (const key of references) {
      const blocks = this.#blocks.get(key)
      if (blocks === true) reasons.push(`refers to ${key}, which is refused`)
      // It may have come into being since its directory was read.
      if (blocks === undefined && !(await this.#source.has(key))) {
        reasons.push(`refers to ${key}, which does not exist`)
      }
    }
    return reasons
  }

  #doubled(key: string, { globalPlugins }: Judgement): readonly string[] {
    const notes: string[] = []
    for (const name of globalPlugins) {
      const other = this.#global.get(name)
      if (other !== undefined) notes.push(`plugin ${name} stands in ${other} too and runs in neither`)
      this.#global.set(name, key)
    }
    return notes
  }
}
