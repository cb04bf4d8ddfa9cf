// What a check beyond a schema is: it is given a configuration that satisfies the schema, defaults present.
import type { JsonObject } from '../../schema/index.ts'

/** Another plugin, for those whose configurations hold the configurations of others. */
interface OtherPlugin {
  readonly type?: string
  check(config: unknown): string | undefined
}

export type FindPlugin = (name: string) => OtherPlugin | undefined

/** Answers what is said instead of the schema's complaint, or that one. `config` is as given. */
export type ComplaintWording = (config: JsonObject, complaint: string) => string

/** Answers the complaint, or undefined. */
export type ConfigCheck = (config: JsonObject, find: FindPlugin) => string | undefined
