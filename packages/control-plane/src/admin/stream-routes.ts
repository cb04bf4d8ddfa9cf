// Stream routes: kept for data planes that serve them; Weir's do not (contract: admin-api.md §4.5 and §5.8).
import {
  compileSchema,
  isJsonObject,
  servedStreamPlugin,
  type JsonObject,
  type Validator,
} from '@weir/contract'
import { refuse } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import type { DocumentName } from '../view/keys.ts'
import { idText } from './id-text.ts'
import type { InUse } from './in-use.ts'
import type { PluginTable } from './plugin-table.ts'
import type { Need } from './references.ts'
import { referenceTerm } from './terms.ts'

/** The configuration of stream plugins has schemas of its own. */
export function checkStreamPlugins(
  { plugins }: JsonObject,
  { plugins: table }: { plugins: PluginTable },
): string | undefined {
  for (const [name, config] of Object.entries(isJsonObject(plugins) ? plugins : {})) {
    if (typeof config !== 'object' || config === null) {
      return `invalid plugin conf ${JSON.stringify(config)} for plugin [${name}]`
    }
    const schema = table.streamNames.includes(name) ? schemaOf(name) : undefined
    if (schema === undefined) return `unknown plugin [${name}]`
    const complaint = schema.check(config)
    const meta = isJsonObject(config) && isJsonObject(config['_meta']) ? config['_meta'] : {}
    if (complaint !== undefined && meta['disable'] !== true)
      return `failed to check the configuration of stream plugin [${name}]: ${complaint}`
  }
  return undefined
}

/** Compiled when they are first needed. */
const schemas = new Map<string, Validator<unknown>>()

function schemaOf(name: string): Validator<unknown> | undefined {
  const known = schemas.get(name)
  const plugin = known === undefined ? servedStreamPlugin(name) : undefined
  if (plugin === undefined) return known
  const compiled = compileSchema(plugin.schema)
  schemas.set(name, compiled)
  return compiled
}

/** A route below another one speaks the same protocol, and is not its own superior. */
export function superiorOf({ protocol }: JsonObject, { id }: DocumentName): readonly Need[] {
  if (!isJsonObject(protocol) || protocol['superior_id'] === undefined) return []
  const superior = idText(protocol['superior_id'])
  const start = `failed to fetch stream routes[${superior}]`
  const need: Need = {
    key: `/stream_routes/${superior}`,
    refusal(found) {
      if (superior === id) return refuse(400, 'stream route can not set itself as superior_id')
      if (found === undefined) return refuse(400, `${start}, response code: 404`)
      const its = parseDocument(found.value)?.['protocol']
      if (!isJsonObject(its) || its['name'] === protocol['name']) return undefined
      const [own, other] = [idText(protocol['name']), idText(its['name'])]
      return refuse(
        400,
        `protocol mismatch: subordinate protocol [${own}] does not match superior protocol [${other}]`,
      )
    },
    unknown: (error) => refuse(400, `${start}: ${error}`),
  }
  return [need]
}

export const streamRouteInUse: InUse = (id, view) => {
  const [user] = view.holders(referenceTerm('superior_id', id))
  if (user === undefined) return undefined
  return `can not delete this stream route directly, stream route [${user.id}] is still using it as superior_id`
}
